"""Fronts of a score that falls and of two costs, over a sweep, from a store that never trained."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest

from hpstudy import report
from hpstudy.analysis import claims
from hpstudy.analysis.pareto import Front, Point
from hpstudy.store import Event
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

COSTS = ("trained", "epochs")


def with_costs(event: Event) -> Event:
    """The event of a study that searched for costs, in which trials differ in both of them."""
    if event["event"] == "study":
        for cell in event["cells"]:
            cell["search"]["objectives"] = ["score", *COSTS]
    elif event["event"] == "run":
        arm = 25 * (event["arm"] == "bn_only")
        event["counts"]["trained"] = 100 - arm - 20 * (event["trial"] % 3)
        event["epochs"] += 2 * (event["trial"] % 4)
    return event


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = Options(
        metric="loss", arms=("full", "bn_only"), contrasts=(), trials=16, confirm=2, epochs=4,
        failed_trials=(2,), arrays=False,
    )  # fmt: skip
    store = synthetic.write(tmp_path_factory.mktemp("costs"), options)
    events = [with_costs(event) for event in store.events()]
    store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    report.write(store.folder)
    return store.folder


@pytest.fixture(scope="module")
def fronts(folder: Path) -> Mapping[str, Front]:
    return {front.cell.name: front for front in claims(folder).fronts}


def beats(one: Point, other: Point) -> bool:
    first, second = ((point.score, *point.costs.values()) for point in (one, other))
    return first != second and all(a <= b for a, b in zip(first, second, strict=True))


def test_each_cell_has_the_front_of_its_finished_trials(fronts: Mapping[str, Front]) -> None:
    assert list(fronts) == [f"{arm} depth={n}" for arm in ("full", "bn_only") for n in (1, 3)]
    for front in fronts.values():
        trials = {r["trial"] for r in front.cell.phase("search") if r["status"] == "finished"}
        assert {point.trial for point in front.points} == trials
        assert 0 < len(front.members) < len(front.points)
        for point in front.points:
            assert tuple(point.costs) == COSTS
            assert point.on_front == (not any(beats(other, point) for other in front.points))


def test_arms_are_held_against_each_other_at_one_sweep_point(fronts: Mapping[str, Front]) -> None:
    seen = set()
    for depth in (1, 3):
        here = [fronts[f"{arm} depth={depth}"] for arm in ("full", "bn_only")]
        every = [point for front in here for point in front.points]
        for point in every:
            assert point.of_all == (not any(beats(other, point) for other in every))
            seen.add((point.on_front, point.of_all))
    assert seen == {(True, True), (True, False), (False, False)}


def test_members_carry_their_fresh_seeds(fronts: Mapping[str, Front]) -> None:
    for front in fronts.values():
        (picked,) = (point for point in front.points if point.picked)
        assert len(picked.choose) == 3 and len(picked.tests) == 2
        entries: dict[int, Any] = {
            entry["trial"]: entry["scores"] for entry in (front.cell.choice or {})["ranked"]
        }
        for point in front.points:
            assert list(point.choose) == pytest.approx(entries.get(point.trial, []))


def test_a_budget_buys_the_best_of_fresh_seeds_within_it(fronts: Mapping[str, Front]) -> None:
    for front in fronts.values():
        assert front.within("trained", 0, maximise=False) is None
        for most in sorted({point.costs["trained"] for point in front.members}):
            found = front.within("trained", most, maximise=False)
            cheap = [point for point in front.members if point.costs["trained"] <= most]
            again = {fmean(point.choose): point for point in cheap if point.choose}
            alone = {point.score: point for point in cheap}
            assert found == (again[min(again)] if again else alone[min(alone)])
        everything = front.within("epochs", 10**9, maximise=False)
        assert everything is not None and everything.picked, "the pick is the best of all"


def test_the_report_has_a_picture_of_each_cost_and_says_what_is_missing(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    section = page[page.index('<section id="pareto"') :].split("</section>")[0]
    assert section.count('role="img"') == 4
    for title in ("depth 1, trained parameters", "depth 3, epochs of training"):
        assert f'<p class="panel-title">{title}</p>' in section
    assert "What loss costs" in section
    assert re.findall(r"at most, ([\w ]+)<", section) == [
        "trained parameters",
        "epochs of training",
    ]
    # some 0.25 of test loss for at most 100 parameters, in one of the two arms at least
    assert re.search(r'<td class="number">100</td>\s*<td class="number">[^<]*0\.25', section)
    # the front's other members are asked to be confirmed as well
    assert "full depth=1: 2 of 8 confirm runs" in page
    lines = (folder / "pareto.csv").read_text().splitlines()
    assert lines[0].startswith("cell,arm,sweep.depth,trial,run,picked,of_all_arms,search_score,co")
    members = sum(len(front.members) for front in claims(folder).fronts)
    assert len(lines) == members + 1
