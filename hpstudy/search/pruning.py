"""Whether a trial stops at a rung, decided by Optuna's pruners over a frozen set of trials.

A rung is a fraction of a run's length, so runs of different lengths meet at the same rung. Its
values reach Optuna under one step for each rung, never under the epoch.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from hpstudy.search.driver import Outcome


class NoPruner:
    """Lets every trial run its whole length."""

    def rungs(self, number: int, length: int) -> tuple[int, ...]:
        return ()

    def tell(self, outcome: Outcome, length: int) -> None:
        """Nothing to compare, so nothing to keep."""

    def prunes(self, number: int, seen: int, reports: Mapping[int, float], length: int) -> bool:
        return False


class OptunaPruner:
    """One of Optuna's pruners, which sees exactly the first `seen` told trials and the trial.

    `schedule` gives the epoch of each rung in a run of a length, `step` the step of each rung.
    """

    def __init__(
        self,
        pruner: optuna.pruners.BasePruner,
        schedule: Callable[[int], Sequence[int]],
        step: Callable[[int], int],
        maximise: bool,
    ) -> None:
        self._pruner = pruner
        self._schedule = schedule
        self._step = step
        self._direction = StudyDirection.MAXIMIZE if maximise else StudyDirection.MINIMIZE
        # the finished trials, and those with a mark of each rung, each list in the order of telling
        self._finished = _Listed()
        self._marked: dict[int, _Listed] = {}
        self._count = 0

    def rungs(self, number: int, length: int) -> tuple[int, ...]:
        """The epochs at whose end a run reports and waits; never the last epoch."""
        return tuple(sorted(set(self._epochs(length))))

    def tell(self, outcome: Outcome, length: int) -> None:
        """Add the next trial in canonical order; diverged and failed ones hold no values."""
        rungs = outcome.rungs if outcome.state in ("finished", "pruned") else {}
        trial = _Told(_STATES[outcome.state], *self._marks(rungs, length))
        if outcome.state == "finished":
            self._finished.add(self._count, trial)
        for rung in range(len(trial.system_attrs)):
            self._marked.setdefault(rung, _Listed()).add(self._count, trial)
        self._count += 1

    def prunes(self, number: int, seen: int, reports: Mapping[int, float], length: int) -> bool:
        """Whether a trial stops that was asked when `seen` trials were told."""
        values, passed = self._marks(reports, length, latest=True)
        trial = optuna.trial.create_trial(
            state=TrialState.RUNNING, intermediate_values=values, system_attrs=passed
        )
        # ASHA asks from the first rung that the trial has no mark of, and marks are of all below
        marked = self._marked.get(len(passed), _Listed())
        told = _Snapshot(self._direction, marked.first(seen), self._finished.first(seen))
        return self._pruner.prune(cast(optuna.Study, told), trial)

    def _epochs(self, length: int) -> list[int]:
        return [epoch for epoch in self._schedule(length) if epoch < length]

    def _marks(
        self, reports: Mapping[int, float], length: int, latest: bool = False
    ) -> tuple[dict[int, float], dict[str, float]]:
        """A trial's values by Optuna's step, and ASHA's marks of the rungs that it passed."""
        epochs = self._epochs(length)
        values: dict[int, float] = {}
        passed: dict[str, float] = {}
        newest = max(reports, default=None)
        for rung, epoch in enumerate(epochs):
            value = reports.get(epoch)
            if value is None or epoch in epochs[rung + 1 :]:
                continue
            values[self._step(rung)] = value
            if latest and epoch == newest:
                continue  # this rung is the question: ASHA marks a rung when it has decided
            for below in range(rung + 1):
                # one text for all trials: each is looked up in every trial at every question
                passed.setdefault(sys.intern(f"completed_rung_{below}"), value)
        return values, passed


_STATES = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


@dataclass(frozen=True, slots=True)
class _Told:
    """The part of an ended trial that pruners read, of every such trial at every rung."""

    state: TrialState
    intermediate_values: dict[int, float]
    system_attrs: dict[str, float]


class _Listed:
    """Some of the told trials, of which the first so many told can be had."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._trials: list[_Told] = []

    def add(self, number: int, trial: _Told) -> None:
        self._numbers.append(number)
        self._trials.append(trial)

    def first(self, told: int) -> list[_Told]:
        """Those among the first `told` trials of all."""
        return self._trials[: bisect_left(self._numbers, told)]


@dataclass(frozen=True)
class _Snapshot:
    """The part of an Optuna study that pruners read, over a fixed list of trials.

    Of all trials it holds those that a pruner can tell from others: with ASHA's marks of the rung
    in question, and the finished ones, which the median is taken over.
    """

    direction: StudyDirection
    marked: list[_Told]
    finished: list[_Told]

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[_Told]:
        return self.marked if states is None else self.finished

    @property
    def _storage(self) -> _Snapshot:
        return self

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Dropped: `OptunaPruner` derives ASHA's marks from the rung values themselves."""
