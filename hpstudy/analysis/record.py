"""What a store says about a study as it stands: its cells, their picks, runs and looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from hpstudy.analysis.ranges import with_discovered
from hpstudy.spec.study import short
from hpstudy.store import Event, Store

PHASES = ("search", "choose", "confirm")
STATUSES = ("finished", "pruned", "diverged", "failed")
# the metrics, one of each task, in which a study knows the constant predictor's score
CONSTANT = ("accuracy", "r2")


@dataclass(frozen=True)
class CellRecord:
    """One cell of the study as it stands, with the runs of its current generation.

    `runs` are sorted by phase, trial and seed index; `looks` hold every look that was ever taken
    at the test scores of this cell, those of superseded generations included.
    """

    name: str
    arm: str
    point: Mapping[str, Any]
    settings: Mapping[str, Any]
    search: Mapping[str, Any] | None
    generation: int
    choice: Event | None
    looks: tuple[Event, ...]
    runs: tuple[Event, ...]

    def phase(self, phase: str) -> tuple[Event, ...]:
        return self._phases[phase]

    @cached_property
    def _phases(self) -> dict[str, tuple[Event, ...]]:
        # asked for again at every run: a search of thousands must not be read through each time
        return {phase: tuple(run for run in self.runs if run["phase"] == phase) for phase in PHASES}

    @cached_property
    def pick(self) -> int | None:
        """The trial that the choose phase picked; without a search, the only trial there is."""
        if self.choice is not None:
            return int(self.choice["trial"])
        confirm = self.phase("confirm")
        return int(confirm[-1]["trial"]) if self.search is None and confirm else None

    @property
    def confirm(self) -> tuple[Event, ...]:
        """Every confirm run of the pick, failed ones included."""
        return tuple(run for run in self.phase("confirm") if run["trial"] == self.pick)

    @property
    def to_confirm(self) -> tuple[int, ...]:
        """The trials that the confirm phase trains: the pick, and with costs more of the front."""
        if self.choice is None or not self.costs:
            return () if self.pick is None else (self.pick,)
        return tuple(int(entry["trial"]) for entry in self.choice["ranked"])

    @property
    def costs(self) -> tuple[str, ...]:
        """What the search wanted to be small besides a good score; empty where the score is all."""
        return tuple(((self.search or {}).get("objectives") or ())[1:])

    @property
    def confirmed(self) -> tuple[Event, ...]:
        """The pick's confirm runs that have a test score: finished, or diverged (constant)."""
        return tuple(run for run in self.confirm if run["status"] in ("finished", "diverged"))

    def test_scores(self, metric: str) -> tuple[float, ...]:
        """The pick's confirmed test scores, one for each seed."""
        found = (run["metrics"].get(f"test_{metric}") for run in self.confirmed)
        return tuple(float(score) for score in found if score is not None)

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting of the pick; empty before there is one."""
        if self.choice is not None:
            return dict(self.choice["config"])
        return dict(self.confirm[0]["config"]) if self.confirm else {}

    @property
    def ended(self) -> str:
        """Why the search ended before its trials were used up; empty where it did not."""
        return str((self.choice or {}).get("ended", ""))

    @property
    def counts(self) -> Mapping[str, int]:
        """Trained, frozen and total parameters of the pick; empty before there is one."""
        known = [run for run in self.runs if run["trial"] == self.pick and run.get("counts")]
        return dict(known[-1]["counts"]) if known else {}


@dataclass(frozen=True)
class StudyRecord:
    """The study event that counts, its cells in the study file's order, and every run ever made."""

    study: Event
    cells: tuple[CellRecord, ...]
    runs: tuple[Event, ...]
    generations: Mapping[str, int]
    restarts: tuple[Event, ...]
    last_time: str
    axes: tuple[str, ...] = field(default=())

    @property
    def metric(self) -> str:
        return str(self.study["score"]["metric"])

    @property
    def maximise(self) -> bool:
        return bool(self.study["score"]["maximise"])

    @property
    def constant(self) -> float | None:
        """The constant predictor's test score; None where it is known in another metric alone."""
        known = self.study.get("constant_score")
        return float(known) if known is not None and self.metric in CONSTANT else None

    @property
    def examples(self) -> tuple[int, int, int]:
        """How many examples the training, validation and test parts hold."""
        train, validation, test = self.study["data"]["examples"]
        return int(train), int(validation), int(test)

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(self.study["arms"])

    def superseded(self, run: Event) -> bool:
        """Whether a later generation of its cell, or an edit that removed it, replaced this run."""
        standing = {cell.name: cell.generation for cell in self.cells}
        return standing.get(run["cell"]) != int(run["generation"])

    def axis_names(self) -> dict[str, str]:
        """Each sweep key's short name, or its full one where two keys share a short one."""
        shorts = [short(axis) for axis in self.axes]
        return {
            axis: name if shorts.count(name) == 1 else axis
            for axis, name in zip(self.axes, shorts, strict=True)
        }


def read(store: Store) -> StudyRecord | None:
    """The study as it stands in a store; None where no study was ever started there."""
    study: Event | None = None
    generations: dict[str, int] = {}
    choices: dict[tuple[str, int], Event] = {}
    looks: dict[str, list[Event]] = {}
    runs: dict[tuple[Any, ...], Event] = {}
    restarts: list[Event] = []
    last_time = ""
    for event in store.events():
        last_time = max(last_time, str(event.get("time", "")))
        match event["event"]:
            case "study":
                study = event
            case "generation":
                generations[event["cell"]] = int(event["generation"])
                if event["generation"] > 1:
                    restarts.append(event)
            case "choice":
                choices[event["cell"], int(event["generation"])] = event
            case "look":
                looks.setdefault(event["cell"], []).append(event)
            case "run":
                runs[_place(event)] = event
    if study is None:
        return None
    ordered = tuple(sorted(runs.values(), key=_place))
    cells = []
    for declared in study["cells"]:
        name = declared["name"]
        generation = generations.get(name, 1)
        own = tuple(r for r in ordered if r["cell"] == name and r["generation"] == generation)
        cells.append(
            CellRecord(
                name=name,
                arm=declared["arm"],
                point=declared["point"],
                settings=with_discovered(declared["settings"], own),
                search=declared["search"],
                generation=generation,
                choice=choices.get((name, generation)),
                looks=tuple(looks.get(name, ())),
                runs=own,
            )
        )
    axes = tuple(dict.fromkeys(axis for cell in cells for axis in cell.point))
    return StudyRecord(study, tuple(cells), ordered, generations, tuple(restarts), last_time, axes)


def _place(run: Event) -> tuple[Any, ...]:
    """Where a run stands in its study; a later event for the same place replaces the earlier."""
    phase = PHASES.index(run["phase"])
    return run["cell"], run["generation"], phase, run["trial"], run["seed_index"]
