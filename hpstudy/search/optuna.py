"""Optuna's samplers, each made anew for every ask and seeded by that trial's number."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, QMCSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from hpstudy.search.distributions import conditional, distribution, ranges, suggest
from hpstudy.search.driver import Driver, Outcome, stream
from hpstudy.search.grid import Grid
from hpstudy.search.options import options
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.space import Proposal, Range, Scalar, resolve
from hpstudy.spec.study import Cell, Search


class OptunaDriver:
    """A cell's Optuna study in memory, asked and told in canonical order.

    `sampler` makes the sampler of trial n from n alone.
    """

    size: int | None = None

    def __init__(self, cell: Cell, maximise: bool, sampler: Callable[[int], BaseSampler]) -> None:
        self._cell = cell
        self._sampler = sampler
        self._running: dict[int, optuna.Trial] = {}
        with quiet():
            self._study = optuna.create_study(
                storage=optuna.storages.InMemoryStorage(),
                sampler=sampler(0),
                pruner=optuna.pruners.NopPruner(),
                direction="maximize" if maximise else "minimize",
                study_name=cell.name,
            )

    def begin(self, number: int) -> Callable[[str, Range], Scalar]:
        """Trial `number`, from everything told so far and all that is asked but not told."""
        self._study.sampler = self._sampler(number)
        trial = self._study.ask()
        self._running[number] = trial
        return lambda name, asked: suggest(trial, name, asked)

    def ask(self, number: int) -> Proposal:
        """The whole of trial `number` in a declared space."""
        return resolve(self._cell.settings, self._cell.conditions, self.begin(number))

    def tell(self, number: int, outcome: Outcome) -> None:
        """Diverged is told as pruned without values, which ranks it below every other trial."""
        trial = self._running.pop(number)
        if outcome.state == "failed":
            self._study.tell(trial, state=TrialState.FAIL)
        elif outcome.state == "finished":
            self._study.tell(trial, outcome.score)
        else:
            if outcome.state == "pruned":
                for epoch, value in sorted(outcome.rungs.items()):
                    trial.report(value, epoch)
            self._study.tell(trial, state=TrialState.PRUNED)


class SequenceSampler(QMCSampler):
    """Point n of a low-discrepancy sequence for trial n, over the whole space.

    Optuna's own takes the space from the first trial that did not fail. This one has a dimension
    for every range, active or not, so a trial depends on its number alone. The sequence's index
    is Optuna's count of points drawn in the study, which is one for each trial.
    """

    def __init__(self, space: dict[str, BaseDistribution], **given: Any) -> None:
        super().__init__(**given)
        self._space = space

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._space


def build(cell: Cell, maximise: bool) -> Driver:
    """The driver of a cell, its sampler as `cell.search` names it.

    Raises HpstudyError for an unknown sampler or option, and for a grid that is too large.
    """
    search = _search(cell)
    taken: Any = options("sampler", search.sampler, search.sampler_options)
    if search.sampler == "grid":
        return Grid(cell, search, **taken)
    samplers: dict[str, Callable[..., Callable[[int], BaseSampler]]] = {
        "random": _random,
        "tpe": _tpe,
        "qmc": _qmc,
    }
    return OptunaDriver(cell, maximise, samplers[search.sampler](cell, search, **taken))


def _random(cell: Cell, search: Search) -> Callable[[int], BaseSampler]:
    return lambda number: RandomSampler(seed=stream(cell, search, number))


def _tpe(
    cell: Cell, search: Search, startup_trials: int, candidates: int
) -> Callable[[int], BaseSampler]:
    group = conditional(cell) or is_foreign(cell.settings)

    def make(number: int) -> BaseSampler:
        with quiet():
            return TPESampler(
                n_startup_trials=startup_trials,
                n_ei_candidates=candidates,
                seed=stream(cell, search, number),
                multivariate=True,
                # without it Optuna samples the conditional ranges independently, silently
                group=group,
                constant_liar=True,
            )

    return make


def _qmc(cell: Cell, search: Search, sequence: str) -> Callable[[int], BaseSampler]:
    space = {name: distribution(asked) for _, name, asked in ranges(cell.settings)}
    space = {name: drawn for name, drawn in space.items() if not drawn.single()}
    seed = stream(cell, search, "sequence")

    def make(number: int) -> BaseSampler:
        with quiet():
            return SequenceSampler(
                space,
                qmc_type=sequence,
                scramble=True,
                seed=seed,
                independent_sampler=RandomSampler(seed=stream(cell, search, number)),
                warn_asynchronous_seeding=True,
                warn_independent_sampling=True,
            )

    return make


def _search(cell: Cell) -> Search:
    if cell.search is None:
        raise ValueError(f"cell {cell.name!r} searches nothing, so there is nothing to propose")
    return cell.search


@contextmanager
def quiet() -> Iterator[None]:
    """Without Optuna's word that something is experimental, or that a study was created."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
