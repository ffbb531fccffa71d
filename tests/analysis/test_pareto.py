"""Fronts of a score that falls and of two costs, over a sweep, from a store that never trained."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping
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


def reported(folder: Path, changed: Callable[[Event], Event], confirm: int = 2) -> Path:
    """A study for costs, with its events changed before it is reported."""
    options = Options(
        metric="loss", arms=("full", "bn_only"), contrasts=(("bn_only", "full"),), trials=16,
        confirm=confirm, epochs=4, failed_trials=(2,), arrays=False,
    )  # fmt: skip
    store = synthetic.write(folder, options)
    events = [changed(with_costs(event)) for event in store.events()]
    store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    report.write(store.folder)
    return store.folder


def with_losses(event: Event) -> Event:
    """The event of a study whose best candidates lost all but one run, in which they are best."""
    if event["event"] == "choice":
        lost = {**event["ranked"][0], "scores": [0.0], "mean": 0.0, "diverged": 1, "failed": 1}
        event["ranked"] = [*event["ranked"][1:], lost]
        event["trial"] = event["ranked"][0]["trial"]
    return event


def alone(event: Event) -> Event:
    """The event of a study that took the best search score, with nothing to choose among."""
    if event["event"] == "choice":
        event["ranked"] = [{**event["ranked"][0], "scores": [], "mean": None}]
    return event


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported(tmp_path_factory.mktemp("costs"), lambda event: event)


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


def test_whoever_lost_a_run_is_taken_last_and_told_apart(tmp_path: Path) -> None:
    found = claims(reported(tmp_path, with_losses)).fronts
    for front in found:
        (lost,) = (point for point in front.members if point.diverged)
        assert (lost.choose, lost.diverged, lost.failed, lost.choose_runs) == ((0.0,), 1, 1, 3)
        others = [point for point in front.members if point.place is not None and point != lost]
        taken = front.within("trained", 10**9, maximise=False)
        assert taken == (min(others, key=lambda point: fmean(point.choose)) if others else lost)
    assert any(len([p for p in one.members if p.place is not None]) > 1 for one in found)
    assert "(1 run diverged, 1 run failed)" in (tmp_path / "report.html").read_text()
    with (tmp_path / "pareto.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["choose_diverged"] == "1"]
    assert [(row["choose_runs"], row["choose_failed"]) for row in rows] == [("3", "1")] * 4


def test_the_report_says_by_what_the_pick_is_best(folder: Path, tmp_path: Path) -> None:
    again = (folder / "report.html").read_text()
    assert "marks the pick, whose mean validation score over fresh seeds is best" in again
    page = (reported(tmp_path, alone) / "report.html").read_text()
    assert "marks the pick, whose validation score in the search is best" in page
    assert "chosen by its validation score in the search; in brackets" in page
    assert "over fresh seeds is best" not in page
    assert "standard deviation of the choose phase" not in page


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


def at_one_cost(event: Event) -> Event:
    """The event of a study in which every trial costs as much as any other."""
    if event["event"] == "run":
        event["counts"]["trained"], event["epochs"] = 100, 4
    return event


def pareto_section(folder: Path) -> str:
    page = (folder / "report.html").read_text()
    return page[page.index('<section id="pareto"') :].split("</section>")[0]


def test_a_verdict_between_picks_of_unequal_cost_says_so(folder: Path, tmp_path: Path) -> None:
    for said, cells in zip(claims(folder).verdicts, claims(folder).contrasts, strict=True):
        words = [one.words for one in said.remarks if not one.grave]
        (spent,) = (one for one in words if one.startswith("not at equal cost"))
        trained = [cell.counts["trained"] for cell in (cells.a, cells.b)]
        assert f"({trained[0]} against {trained[1]} trained parameters" in spent
    (said, *_) = claims(reported(tmp_path, at_one_cost)).verdicts
    assert not [one for one in said.remarks if "cost" in one.words]


def test_a_front_of_one_configuration_says_why_and_has_no_steps(
    folder: Path, tmp_path: Path
) -> None:
    steps = "stroke-width: 1.1"
    assert steps in pareto_section(folder)
    section = pareto_section(reported(tmp_path, at_one_cost))
    assert steps not in section
    assert re.search(
        r"The fronts of full, depth 1, .* and bn_only, depth 3 are single configurations, of \d+ "
        "(to \\d+ )?trials that finished: which scored best and cost least at once.",
        section,
    )


def test_few_test_scores_are_drawn_one_by_one(folder: Path, tmp_path: Path) -> None:
    section = pareto_section(folder)
    assert "hollow: mean test score; a dash for each seed" in section
    assert "mean and 95% interval" not in section
    assert "single configuration" not in section
    section = pareto_section(reported(tmp_path, lambda event: event, confirm=6))
    assert "hollow: test score, mean and 95% interval" in section
    assert "a dash for each seed" not in section
