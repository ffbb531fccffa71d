"""The pruners that a search may name, each with every option of Optuna's said."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from typing import Any

from optuna.pruners import (
    BasePruner,
    MedianPruner,
    PatientPruner,
    PercentilePruner,
    SuccessiveHalvingPruner,
)

from hpstudy.search.brackets import Bracket, brackets, epochs_of
from hpstudy.search.driver import Outcome, Pruner, stream
from hpstudy.search.options import options
from hpstudy.search.pruning import NoPruner, OptunaPruner
from hpstudy.search.quiet import quiet
from hpstudy.spec.study import Cell, Search

Schedule = Callable[[int], Sequence[int]]


def build(cell: Cell, maximise: bool) -> Pruner:
    """The pruner of a cell's search.

    Raises HpstudyError for an unknown pruner or option, or a value that it cannot have.
    """
    search = cell.search
    assert search is not None
    taken: dict[str, Any] = options("pruner", search.pruner, search.pruner_options)
    if search.pruner == "none":
        return NoPruner()
    if search.pruner == "asha":
        return _asha(maximise, **taken)
    if search.pruner == "hyperband":
        return Brackets(cell, search, maximise, **taken)
    return _compared(maximise, search.pruner, **taken)


class Brackets:
    """Hyperband: each trial in one bracket, which is ASHA from a first rung of its own.

    As in Optuna a bracket gets trials in proportion to what one of its rounds would train; a seed
    of the search, not the study's name, says which trial is in which.
    """

    def __init__(
        self, cell: Cell, search: Search, maximise: bool, factor: int, first_epoch: int
    ) -> None:
        length = epochs_of(cell)
        assert length is not None
        table = brackets(length, factor, first_epoch)
        self._of = [_halving(maximise, factor, _ends(bracket)) for bracket in table]
        count = len(table)
        self._shares = [
            math.ceil(count * factor ** (count - 1 - at) / (count - at)) for at in range(count)
        ]
        self._cell, self._search = cell, search
        # how many trials each bracket was told, after each trial told
        self._told: list[list[int]] = [[0] * count]

    def bracket(self, number: int) -> int:
        """Which bracket trial `number` is in; 0 stops earliest."""
        drawn = stream(self._cell, self._search, "bracket", number) % sum(self._shares)
        return next(at for at, end in enumerate(accumulate(self._shares)) if drawn < end)

    def rungs(self, number: int, length: int) -> tuple[int, ...]:
        return self._of[self.bracket(number)].rungs(number, length)

    def tell(self, outcome: Outcome, length: int) -> None:
        at = self.bracket(len(self._told) - 1)
        self._of[at].tell(outcome, length)
        self._told.append([told + (bracket == at) for bracket, told in enumerate(self._told[-1])])

    def prunes(self, number: int, seen: int, reports: Mapping[int, float], length: int) -> bool:
        at = self.bracket(number)
        return self._of[at].prunes(number, self._told[seen][at], reports, length)


def _compared(
    maximise: bool,
    name: str,
    startup_trials: int,
    rungs: tuple[float, ...],
    first_epoch: int,
    percentile: float = 50.0,
    patience: int = 0,
) -> Pruner:
    """Against the trials that finished, at the same rung."""
    named: dict[str, Any] = {
        "n_startup_trials": startup_trials,
        "n_warmup_steps": 0,
        "interval_steps": 1,
        "n_min_trials": 1,
    }
    pruner: BasePruner
    if name == "percentile":
        pruner = PercentilePruner(percentile, **named)
    else:
        pruner = MedianPruner(**named)
    if name == "patient":
        with quiet():
            pruner = PatientPruner(pruner, patience=patience, min_delta=0.0)
    return OptunaPruner(
        pruner,
        schedule=lambda length: _at_fractions(length, rungs, first_epoch),
        step=lambda rung: rung,
        maximise=maximise,
    )


def _asha(maximise: bool, factor: int, rungs: tuple[float, ...] | None, first_epoch: int) -> Pruner:
    if rungs is None:
        return _halving(maximise, factor, lambda length: _at_powers(length, factor, first_epoch))
    return _halving(maximise, factor, lambda length: _at_fractions(length, rungs, first_epoch))


def _halving(maximise: bool, factor: int, schedule: Schedule) -> OptunaPruner:
    return OptunaPruner(
        SuccessiveHalvingPruner(
            min_resource=1,
            reduction_factor=factor,
            min_early_stopping_rate=0,
            bootstrap_count=0,
        ),
        schedule=schedule,
        # with min_resource 1 Optuna decides its own rung k at step factor ** k
        step=lambda rung: int(factor**rung),
        maximise=maximise,
    )


def _ends(bracket: Bracket) -> Schedule:
    """The ends of a bracket's rounds but the last, whatever the length."""
    ends = [one.epochs for one in bracket[:-1]]
    return lambda length: ends


def _at_fractions(length: int, fractions: Sequence[float], first: int) -> list[int]:
    return [max(first, _epoch(length, share)) for share in sorted(fractions)]


def _at_powers(length: int, factor: int, first: int) -> list[int]:
    epochs = [max(first, _epoch(length, 0.25))]
    while epochs[-1] * factor < length:
        epochs.append(epochs[-1] * factor)
    return epochs


def _epoch(length: int, fraction: float) -> int:
    # rounded first: 0.1 * 30 is 3.0000000000000004, which is epoch 3
    return math.ceil(round(length * fraction, 9))
