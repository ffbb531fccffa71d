"""The order of configurations, and what counts once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hpstudy.analysis.ranking import Ranked, ranking
from hpstudy.analysis.record import read
from hpstudy.report import write
from hpstudy.store import Store
from tests.analysis import synthetic


def edited(folder: Path, change: Any) -> Store:
    """The default study of one cell with its run events passed through `change`."""
    whole = synthetic.write(
        folder / "whole", synthetic.Options(arms=("full",), depths=(1,), contrasts=())
    )
    store = Store(folder / "edited")
    events = [change(e) if e["event"] == "run" else e for e in whole.events()]
    store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    return store


def of_depth_one(store: Store) -> list[Ranked]:
    record = read(store)
    assert record is not None
    return [one for one in ranking(record) if one.cell.name == "full depth=1"]


def test_chosen_configurations_come_first_by_their_mean(tmp_path: Path) -> None:
    found = of_depth_one(synthetic.write(tmp_path))
    assert [one.rank for one in found] == list(range(1, 17))
    means = [one.choose_mean for one in found[:4]]
    assert means == sorted(means, reverse=True)  # type: ignore[type-var]
    searched = [one.search_score for one in found[4:] if one.status == "finished"]
    assert searched == sorted(searched, reverse=True)  # type: ignore[type-var]
    assert [one.status for one in found[-3:]] == ["pruned"] * 3
    assert [one.rank for one in found if one.picked] == [1]


@pytest.mark.parametrize("end", ["diverged", "failed"])
def test_whoever_lost_a_choose_run_ranks_below_all_that_did_not(tmp_path: Path, end: str) -> None:
    best = of_depth_one(synthetic.write(tmp_path / "plain"))[0].trial

    def lose(event: dict[str, Any]) -> dict[str, Any]:
        hit = event["phase"] == "choose" and event["trial"] == best and event["seed_index"] == 1
        return {**event, "status": end, "score": None} if hit else event

    store = edited(tmp_path, lose)
    last = of_depth_one(store)[3]
    assert last.trial == best
    assert (last.choose_diverged, last.choose_failed) == (end == "diverged", end == "failed")
    assert len(last.choose_scores) == 2 and last.choose_runs == 3
    page = write(store.folder).read_text()
    assert f"3 (1 run {end})" in page
    assert ",choose_diverged,choose_failed," in (store.folder / "ranking.csv").read_text()


def test_whoever_lost_more_choose_runs_ranks_below_as_it_is_picked(tmp_path: Path) -> None:
    best, second = (one.trial for one in of_depth_one(synthetic.write(tmp_path / "plain"))[:2])

    def lose(event: dict[str, Any]) -> dict[str, Any]:
        kept = {best: 1, second: 2}.get(event["trial"], 3)
        hit = event["phase"] == "choose" and event["seed_index"] >= kept
        if event["trial"] == best and event["phase"] == "choose" and not hit:
            return {**event, "score": 0.999}
        return {**event, "status": "diverged", "score": None} if hit else event

    found = of_depth_one(edited(tmp_path, lose))
    assert [one.trial for one in found[2:4]] == [second, best]


def test_a_configuration_proposed_again_counts_once(tmp_path: Path) -> None:
    def twin(event: dict[str, Any]) -> dict[str, Any]:
        first = next_run[0] if next_run else None
        if event["phase"] == "search" and event["cell"] == "full depth=1":
            if event["trial"] == 0:
                next_run.append(event)
            elif event["trial"] == 7 and first is not None:
                return {**first, "trial": 7, "same_as": first["run"]}
        return event

    next_run: list[dict[str, Any]] = []
    found = of_depth_one(edited(tmp_path, twin))
    assert len(found) == 15
    assert [one.trial for one in found if one.repeats == 1] == [0]
