"""How far a study is: runs done of those planned, best scores, rate and time left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Protocol

from hpstudy.analysis.epochs import trained_epochs
from hpstudy.engine.devices import Fleet
from hpstudy.search.expected import Typical, choosing, trials
from hpstudy.spec.study import Cell, Search, Spec
from hpstudy.store import Event

PHASES = ("search", "choose", "confirm")
# a rate needs some runs before it says anything
_ENOUGH = 3


class Watched(Protocol):
    """What is read of a running cell; `phase` is one of PHASES, 'confirmed' or 'without pick'."""

    cell: Cell
    phase: str

    @property
    def exhausted(self) -> str | None:
        """Why the search ended early."""

    @property
    def trials(self) -> int:
        """Trials asked for so far."""

    @property
    def to_confirm(self) -> int:
        """Configurations that are confirmed, at most."""


@dataclass
class CellStanding:
    """One cell: what has ended in each phase, its search's best score, and when it last moved.

    `epochs` are those that were trained: a promoted run's further ones alone.
    """

    run: Watched
    confirm_seeds: int
    maximise: bool
    typical: Typical = Typical()
    done: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PHASES, 0))
    epochs: dict[str, list[int]] = field(default_factory=lambda: {phase: [] for phase in PHASES})
    ends: dict[str, dict[str, int]] = field(default_factory=lambda: {p: {} for p in PHASES})
    seconds: float = 0.0
    candidates: int = 0
    longest: int = 0
    best: float | None = None
    moved: float = float("-inf")

    def take(self, event: Event, now: float) -> None:
        phase, status, score = event["phase"], event["status"], event["score"]
        self.moved = now
        self.done[phase] += 1
        self.ends[phase][status] = self.ends[phase].get(status, 0) + 1
        if event.get("same_as") is None:
            self.epochs[phase].append(trained_epochs(event))
            self.longest = max(self.longest, int(event["epochs"]))
            self.candidates += phase == "search" and status == "finished"
            if phase == "search":
                self.seconds += event.get("seconds", {}).get("total", 0.0)
        if phase == "search" and status == "finished" and score is not None:
            better = max if self.maximise else min
            self.best = score if self.best is None else better(self.best, score)

    @property
    def statuses(self) -> dict[str, int]:
        """How many runs ended in which way, over all phases."""
        return added(self.ends.values())

    @property
    def shown(self) -> tuple[int, int]:
        """Runs done and planned of the phase that the cell is in, or ended in."""
        ended = {"confirmed": "confirm", "without pick": "search"}
        phase = ended.get(self.run.phase, self.run.phase)
        return self.done[phase], self.planned[phase]

    @property
    def planned(self) -> dict[str, int]:
        """Runs of each phase, done ones included; what is not yet known is taken at its most."""
        search, phase = self.run.cell.search, self.run.phase
        planned = dict(self.done)
        if search is not None and phase == "search":
            planned["search"] = max(self._trials(search), self.done["search"])
            planned["choose"] = choosing(search, planned["search"] or search.trials)
        elif search is not None and phase == "choose":
            planned["choose"] = choosing(search, self.candidates)
        if phase != "without pick":
            planned["confirm"] = self.run.to_confirm * self.confirm_seeds
        return planned

    @property
    def abreast(self) -> int:
        """The most of its runs that may train at once, while what ended is known."""
        done, planned = self.shown
        search = self.run.cell.search
        if search is not None and self.run.phase == "search":
            return min(search.parallel, search.trials - done)
        return planned - done

    def _trials(self, search: Search) -> int:
        """Trials of the whole search; under a budget, as many as it holds at the pace so far."""
        expected = None if self.run.exhausted else trials(search, self._pace())
        return self.run.trials if expected is None else expected

    def _pace(self) -> Typical:
        """A trial as it was so far, or what is expected of it before any, or from an oracle."""
        if self.typical.rounds:
            return self.typical
        done, epochs = self.done["search"], sum(self.epochs["search"])
        return Typical(
            epochs / done if epochs else self.typical.epochs,
            self.seconds / done if self.seconds else self.typical.seconds,
        )

    @property
    def ended(self) -> bool:
        return self.run.phase in ("confirmed", "without pick")

    def left(self, typical: float) -> float:
        """Run-epochs still to train; `typical` stands in where this cell has trained nothing."""
        search = self.epochs["search"]
        full = self.longest or typical
        expected = {"search": fmean(search) if search else typical, "choose": full, "confirm": full}
        planned = self.planned
        return sum((planned[p] - self.done[p]) * expected[p] for p in PHASES)


class Standing:
    """The whole study; `clock` gives seconds, `typical` what a trial of a budgeted cell takes."""

    def __init__(
        self,
        spec: Spec,
        cells: Mapping[str, Watched],
        fleet: Fleet,
        clock: Callable[[], float],
        typical: Mapping[str, Typical] | None = None,
    ) -> None:
        self.spec, self.fleet, self._clock = spec, fleet, clock
        known, maximise = typical or {}, spec.score.maximise
        self.cells = {
            name: CellStanding(cell, spec.confirm_seeds, maximise, known.get(name, Typical()))
            for name, cell in cells.items()
        }
        self.trained = 0
        self.reused_of = dict.fromkeys(PHASES, 0)
        self._epochs = 0
        self._began = clock()
        # when the first run began to train, after its start-up; known once it has ended
        self._trains_since: float | None = None

    def take(self, event: Event, trained: bool) -> CellStanding:
        cell = self.cells[event["cell"]]
        if trained:
            self.trained += 1
            self._epochs += trained_epochs(event)
            self._start(event)
        elif event.get("same_as") is None and event["epochs"]:
            self.reused_of[event["phase"]] += 1
        cell.take(event, self._clock())
        return cell

    def _start(self, event: Event) -> None:
        """Tell from the first run's end when it began, after imports and its compilation."""
        seconds = event.get("seconds") or {}
        total = seconds.get("total", 0.0)
        if self._trains_since is None and total:
            # a run's seconds are its share of those of its pack
            trained = (total - seconds.get("compile", 0.0)) * self._abreast(event)
            self._trains_since = max(self._began, self._clock() - trained)

    def _abreast(self, event: Event) -> int:
        """How many runs the pack of the first run that ended held, at most."""
        lanes: int = event.get("numerics", {}).get("lanes", self.fleet.lanes)
        return max(1, min(lanes, sum(cell.abreast for cell in self.cells.values())))

    @property
    def reused(self) -> int:
        """Runs that had been trained before, of all phases."""
        return sum(self.reused_of.values())

    @property
    def elapsed(self) -> float:
        return self._clock() - self._began

    @property
    def done(self) -> int:
        return sum(sum(cell.done.values()) for cell in self.cells.values())

    @property
    def planned(self) -> int:
        return sum(sum(cell.planned.values()) for cell in self.cells.values())

    @property
    def statuses(self) -> dict[str, int]:
        return added(cell.statuses for cell in self.cells.values())

    @property
    def rate(self) -> float | None:
        """Trained runs a second, once there are enough to tell."""
        return self.trained / self.elapsed if self.trained >= _ENOUGH and self.elapsed else None

    @property
    def left(self) -> float | None:
        """Seconds left, from run-epochs trained so far in this process since training began."""
        since = self._began if self._trains_since is None else self._trains_since
        trained = self._clock() - since
        if self.trained < _ENOUGH or not self._epochs or not trained:
            return None
        known = [e for cell in self.cells.values() for each in cell.epochs.values() for e in each]
        typical = fmean(known)
        epochs = sum(cell.left(typical) for cell in self.cells.values())
        return epochs * trained / self._epochs


def added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Counts of the same things, added up."""
    found: Counter[str] = Counter()
    for one in counts:
        found.update(one)
    return dict(found)
