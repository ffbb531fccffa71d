"""Optuna as a driver: a study in memory, asked and told in canonical order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optuna
from optuna.trial import TrialState

from hpstudy.search.distributions import suggest
from hpstudy.search.driver import Driver, Outcome, Promotions, Pruner
from hpstudy.search.grid import Grid
from hpstudy.search.options import options
from hpstudy.search.quiet import quiet
from hpstudy.search.samplers import COMPLETED, CONSTRAINED, SAMPLERS, Make
from hpstudy.search.scores import Scores
from hpstudy.search.unfolding import shuffled
from hpstudy.search.values import Values, directions
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.space import Ask
from hpstudy.spec.study import Cell, Search


class OptunaDriver:
    """A cell's Optuna study in memory, asked and told in canonical order.

    `sampler` makes the sampler of trial n from n alone. A `constrained` one is told by how much
    trials exceed limits. `costs` are the objectives besides the score, all to be small, and
    `scores` is for a sampler that learns from completed trials alone.
    """

    size: int | None = None
    pruner: Pruner | None = None
    promotions: Promotions | None = None

    def __init__(
        self,
        cell: Cell,
        maximise: bool,
        sampler: Make,
        scores: Scores | None = None,
        constrained: bool = False,
        costs: Sequence[str] = (),
    ) -> None:
        self._sampler, self._constrained = sampler, constrained
        self._values = Values(costs, scores)
        self._running: dict[int, optuna.Trial] = {}
        with quiet():
            self._study = optuna.create_study(
                storage=optuna.storages.InMemoryStorage(),
                sampler=sampler(0),
                pruner=optuna.pruners.NopPruner(),
                directions=directions(maximise, costs),
                study_name=cell.name,
            )

    def begin(self, number: int) -> Ask:
        """Trial `number`, from everything told so far and all that is begun but not told."""
        self._study.sampler = self._sampler(number)
        trial = self._study.ask()
        self._running[number] = trial
        return lambda name, asked: suggest(trial, name, asked)

    def tell(self, number: int, outcome: Outcome) -> None:
        """Diverged is told as pruned without values, which ranks it below every other trial."""
        trial = self._running.pop(number)
        values = self._values.of(outcome)
        if self._constrained:
            for name, excess in outcome.excess.items():
                trial.set_constraint(name, excess)
        if outcome.state == "failed":
            self._study.tell(trial, state=TrialState.FAIL)
        elif values is not None:
            self._study.tell(trial, values)
        else:
            if outcome.state == "pruned":
                for epoch, value in sorted(outcome.rungs.items()):
                    trial.report(value, epoch)
            self._study.tell(trial, state=TrialState.PRUNED)


def build(cell: Cell, maximise: bool) -> Driver:
    """The driver of a cell, its sampler as `cell.search` names it.

    Raises HpstudyError for an unknown sampler or option, and for a grid that is too large.
    """
    search = _search(cell)
    taken: Any = options("sampler", search.sampler, search.sampler_options)
    if search.sampler == "grid" and is_foreign(cell.settings):
        return shuffled(cell, search, **taken)
    if search.sampler == "grid":
        return Grid(cell, search, **taken)
    scores = Scores(maximise) if search.sampler in COMPLETED else None
    sampler = SAMPLERS[search.sampler](cell, search, **taken)
    constrained = search.sampler in CONSTRAINED
    return OptunaDriver(cell, maximise, sampler, scores, constrained, search.costs)


def _search(cell: Cell) -> Search:
    if cell.search is None:
        raise ValueError(f"cell {cell.name!r} searches nothing, so there is nothing to propose")
    return cell.search
