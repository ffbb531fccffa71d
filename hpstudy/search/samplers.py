"""Optuna's samplers, each made anew for every ask and seeded by that trial's number.

What some of them remember (the state of CMA-ES, the generations of NSGA-II) they keep in the
attributes of the study's trials, so that it is replayed with the trials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    GPSampler,
    NSGAIISampler,
    RandomSampler,
    TPESampler,
)

from hpstudy.search.distributions import conditional, distribution, ranges
from hpstudy.search.driver import stream
from hpstudy.search.quiet import quiet
from hpstudy.search.sequence import GrowingSampler, Points, SequenceSampler
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.study import Cell, Search

# the sampler of trial n, from n alone
Make = Callable[[int], BaseSampler]


def random(cell: Cell, search: Search) -> Make:
    """Independent draws."""
    return lambda number: RandomSampler(seed=stream(cell, search, number))


def tpe(cell: Cell, search: Search, startup_trials: int, candidates: int) -> Make:
    """Tree-structured Parzen estimators of all ranges together."""
    group = bool(conditional(cell)) or is_foreign(cell.settings)

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


def qmc(cell: Cell, search: Search, sequence: str) -> Make:
    """Points of one scrambled sequence."""
    seed = stream(cell, search, "sequence")
    if is_foreign(cell.settings):
        return _growing(sequence, seed)
    space = {name: distribution(asked) for _, name, asked in ranges(cell.settings)}
    space = {name: drawn for name, drawn in space.items() if not drawn.single()}

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


def _growing(sequence: str, seed: int) -> Make:
    """The same where only trials tell the space, one dimension after the other."""
    points = Points(sequence, seed)

    def make(number: int) -> BaseSampler:
        with quiet():
            return GrowingSampler(points, number, qmc_type=sequence, scramble=True, seed=seed)

    return make


def cmaes(cell: Cell, search: Search, startup_trials: int, population: int | None) -> Make:
    """CMA-ES over the numeric ranges that every trial has; draws for the others."""

    def make(number: int) -> BaseSampler:
        seed = stream(cell, search, number)
        return CmaEsSampler(
            n_startup_trials=startup_trials,
            popsize=population,
            seed=seed,
            independent_sampler=RandomSampler(seed=seed),
            warn_independent_sampling=False,
        )

    return make


def gp(cell: Cell, search: Search, startup_trials: int) -> Make:
    """A Gaussian process over the ranges that every trial has; draws for the others."""

    def make(number: int) -> BaseSampler:
        seed = stream(cell, search, number)
        with quiet():
            return GPSampler(
                n_startup_trials=startup_trials,
                seed=seed,
                independent_sampler=RandomSampler(seed=seed),
                deterministic_objective=False,
                warn_independent_sampling=False,
            )

    return make


def nsgaii(cell: Cell, search: Search, population: int) -> Make:
    """Generations by crossover and mutation of the best."""
    return lambda number: NSGAIISampler(
        population_size=population, seed=stream(cell, search, number)
    )


SAMPLERS: Mapping[str, Callable[..., Make]] = {
    "random": random,
    "tpe": tpe,
    "qmc": qmc,
    "cmaes": cmaes,
    "gp": gp,
    "nsgaii": nsgaii,
}
# these learn from completed trials alone
COMPLETED = ("cmaes", "gp", "nsgaii")
# these know constraints; CMA-ES warns of them
CONSTRAINED = ("tpe", "gp", "nsgaii")
