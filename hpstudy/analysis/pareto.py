"""What each arm's score can be bought for: the Pareto fronts of searches with several objectives.

A front is search evidence: one seed a configuration, validation scores, selected on. Its members
that were chosen among and confirmed carry scores on fresh seeds, of validation and test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from hpstudy.analysis.frames import Columns, by_column
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.search.front import members
from hpstudy.spec.objectives import costs
from hpstudy.store import Event

# what a choice says of a trial that it did not rank
_UNRANKED: Event = {"scores": (), "diverged": 0, "failed": 0}


@dataclass(frozen=True)
class Point:
    """A configuration that finished its search run: its score there, what it cost, and later runs.

    `on_front` where no configuration of its cell beats it, `of_all` where none of any arm at its
    sweep point does. `place` is where the choice that stands ranked it, 0 the pick; None where it
    did not, and then neither `choose` nor `tests` holds what an earlier choice had it trained for.
    They are the scores on fresh seeds, diverged test runs with the constant predictor's;
    `diverged` and `failed` count choose runs without a score.
    """

    cell: CellRecord
    run: Event
    costs: Mapping[str, int]
    on_front: bool
    of_all: bool
    place: int | None
    choose: tuple[float, ...]
    diverged: int
    failed: int
    tests: tuple[float, ...]

    @property
    def trial(self) -> int:
        return int(self.run["trial"])

    @property
    def score(self) -> float:
        return float(self.run["score"])

    @property
    def picked(self) -> bool:
        return self.trial == self.cell.pick

    @property
    def choose_runs(self) -> int:
        """How many fresh seeds it was chosen on, scored or lost."""
        return len(self.choose) + self.diverged + self.failed


@dataclass(frozen=True)
class Front:
    """One cell's finished configurations, cheapest first; `costs` names what they are to save."""

    cell: CellRecord
    costs: tuple[str, ...]
    points: tuple[Point, ...]

    @property
    def members(self) -> tuple[Point, ...]:
        """Those that no other equals in score and costs and beats in one of them."""
        return tuple(point for point in self.points if point.on_front)

    def within(self, cost: str, most: int, maximise: bool) -> Point | None:
        """The member to take for at most so much of a cost; None where nothing is as cheap.

        The first in the order of the choice, which ends with those that lost a run, and by the
        search score where it ranked none of them: never by a test score.
        """
        cheap = [point for point in self.members if point.costs[cost] <= most]
        ranked = {point.place: point for point in cheap if point.place is not None}
        if ranked:
            return ranked[min(ranked)]
        best = max if maximise else min
        return best(cheap, key=lambda point: point.score) if cheap else None


def fronts(record: StudyRecord) -> tuple[Front, ...]:
    """The front of every cell whose search has several objectives, in the order of the cells."""
    finished = {
        cell.name: {(cell.name, int(run["trial"])): run for run in _finished(cell)}
        for cell in record.cells
        if cell.costs
    }
    cells = [cell for cell in record.cells if cell.costs]
    own = {cell.name: members(finished[cell.name], cell.costs, record.maximise) for cell in cells}
    found = []
    for cell in cells:
        beside = [
            key
            for other in cells
            if other.costs == cell.costs and _meet(cell, other)
            for key in own[other.name]
        ]
        everyone = {key: finished[key[0]][key] for key in beside}
        best = set(members(everyone, cell.costs, record.maximise))
        kept = set(own[cell.name])
        points = [
            _point(record, cell, run, key in kept, key in best)
            for key, run in finished[cell.name].items()
        ]
        points.sort(key=lambda one: (*one.costs.values(), one.trial))
        found.append(Front(cell, cell.costs, tuple(points)))
    return tuple(found)


def _finished(cell: CellRecord) -> list[Event]:
    """Each configuration's first search run that finished."""
    first: dict[str, Event] = {}
    for run in cell.phase("search"):
        if run["status"] == "finished":
            first.setdefault(run["run"], run)
    return list(first.values())


def _meet(one: CellRecord, other: CellRecord) -> bool:
    """Whether two cells can stand at one sweep point: no axis has two values."""
    return all(other.point.get(axis, value) == value for axis, value in one.point.items())


def _point(
    record: StudyRecord, cell: CellRecord, run: Event, on_front: bool, of_all: bool
) -> Point:
    ranked: Sequence[Event] = (cell.choice or {}).get("ranked", ())
    place = next((i for i, one in enumerate(ranked) if one["trial"] == run["trial"]), None)
    # a trial that growth has pushed off the shortlist keeps its runs, but they no longer count
    entry = _UNRANKED if place is None else ranked[place]
    tests = (
        one["metrics"].get(f"test_{record.metric}")
        for one in cell.phase("confirm")
        if place is not None
        and one["trial"] == run["trial"]
        and one["status"] in ("finished", "diverged")
    )
    return Point(
        cell=cell,
        run=run,
        costs=costs(cell.costs, run),
        on_front=on_front,
        of_all=of_all,
        place=place,
        choose=tuple(float(score) for score in entry["scores"]),
        diverged=int(entry["diverged"]),
        failed=int(entry["failed"]),
        tests=tuple(float(test) for test in tests if test is not None),
    )


def columns(record: StudyRecord, found: Sequence[Front]) -> Columns:
    """The members of every front as a table, with every setting a column."""
    axes = record.axis_names()
    every = [point for front in found for point in front.members]
    named = dict.fromkeys(cost for front in found for cost in front.costs)
    settings = sorted({key for point in every for key in point.run["config"]})
    names = [
        *("cell", "arm"),
        *(f"sweep.{name}" for name in axes.values()),
        *("trial", "run", "picked", "of_all_arms", "search_score"),
        *(f"cost.{cost}" for cost in named),
        *("choose_mean", "choose_sd", "choose_runs", "choose_diverged", "choose_failed"),
        *("test_mean", "test_sd", "test_runs"),
        *("trained", "frozen", "total", "epochs"),
        *settings,
    ]
    rows = [
        {
            **point.run["config"],
            **{f"sweep.{name}": point.cell.point.get(axis) for axis, name in axes.items()},
            **{f"cost.{cost}": value for cost, value in point.costs.items()},
            **(point.run.get("counts") or {}),
            **_summary("choose", point.choose),
            **_summary("test", point.tests),
            "cell": point.cell.name,
            "arm": point.cell.arm,
            "trial": point.trial,
            "run": point.run["run"],
            "picked": point.picked,
            "of_all_arms": point.of_all,
            "search_score": point.score,
            "choose_runs": point.choose_runs,
            "choose_diverged": point.diverged,
            "choose_failed": point.failed,
            "epochs": point.run["epochs"],
        }
        for point in every
    ]
    return by_column(rows, names)


def _summary(name: str, scores: Sequence[float]) -> dict[str, Any]:
    return {
        f"{name}_mean": fmean(scores) if scores else None,
        f"{name}_sd": stdev(scores) if len(scores) > 1 else None,
        f"{name}_runs": len(scores),
    }
