"""What each sampler, oracle and pruner can be told, and what it is when nobody says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches

from hpstudy.errors import HpstudyError
from hpstudy.spec.space import Scalar

SEQUENCES = ("sobol", "halton")
SAMPLER_OPTIONS: Mapping[str, Mapping[str, Scalar]] = {
    "random": {},
    "tpe": {"startup_trials": 10, "candidates": 24},
    "grid": {"points": 5},
    "qmc": {"sequence": "sobol"},
    # `population` is 4 + 3 ln(dimensions) where it is None
    "cmaes": {"startup_trials": 1, "population": None},
    "gp": {"startup_trials": 10},
    "nsgaii": {"population": 10},
}
# samplers and oracles whose proposals rest on no result
BLIND = ("random", "grid", "qmc")
# Keras Tuner's; `startup_trials` is three for each parameter where it is None
ORACLE_OPTIONS: Mapping[str, Mapping[str, Scalar]] = {
    "random": {},
    "grid": {"points": 5},
    "bayesian": {"startup_trials": None, "beta": 2.6},
    "hyperband": {"factor": 3, "first_epoch": 5},
}
# `rungs` are fractions of a run's length; None is a quarter of it, then times `factor`
PRUNER_OPTIONS: Mapping[str, Mapping[str, Scalar]] = {
    "none": {},
    "median": {"startup_trials": 5, "rungs": (0.25, 0.5, 0.75), "first_epoch": 5},
    "percentile": {
        "percentile": 25.0,
        "startup_trials": 5,
        "rungs": (0.25, 0.5, 0.75),
        "first_epoch": 5,
    },
    "patient": {
        "patience": 1,
        "startup_trials": 5,
        "rungs": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        "first_epoch": 5,
    },
    "asha": {"factor": 4, "rungs": None, "first_epoch": 5},
    "hyperband": {"factor": 3, "first_epoch": 5},
}
TABLES = {"sampler": SAMPLER_OPTIONS, "oracle": ORACLE_OPTIONS, "pruner": PRUNER_OPTIONS}
_LEAST = {
    "startup_trials": 1,
    "candidates": 1,
    "points": 2,
    "population": 2,
    "patience": 1,
    "factor": 2,
    "first_epoch": 1,
}

_WITHIN = {"beta": (0.0, 100.0), "percentile": (0.0, 100.0)}
# what Optuna and Keras Tuner call an option of ours
_THEIRS = {
    **dict.fromkeys(("n_startup_trials", "num_initial_points"), "startup_trials"),
    **dict.fromkeys(("n_warmup_steps", "min_resource", "min_epochs"), "first_epoch"),
    **dict.fromkeys(("reduction_factor", "eta"), "factor"),
    **dict.fromkeys(("popsize", "population_size"), "population"),
    "n_ei_candidates": "candidates",
    "qmc_type": "sequence",
}
# options of theirs that every sampler, oracle and pruner has in one place here
_ELSEWHERE = {
    "seed": "search.seed",
    **dict.fromkeys(("n_trials", "max_trials"), "search.trials"),
    **dict.fromkeys(("max_epochs", "max_resource"), "training.length"),
}


def options(kind: str, name: str, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Every option of a sampler, oracle or pruner: the ones given over the defaults.

    `kind` is one of those words. Raises HpstudyError for a name that is none, an option that
    it does not take, or a value that the option cannot have.
    """
    table = TABLES[kind]
    if name not in table:
        raise HpstudyError(f"{name!r} is no {kind}{_allowed(name, table)}")
    for option, value in given.items():
        if option not in table[name]:
            raise HpstudyError(
                f"{option!r} is no option of {kind} {name!r}{_allowed(option, table[name])}"
            )
        wanted = _wanted(option, value)
        if wanted:
            raise HpstudyError(f"{option} of {kind} {name!r} takes {wanted}, got {value!r}")
    return {**table[name], **given}


def _wanted(option: str, value: Scalar) -> str:
    """What an option takes, where `value` is something else."""
    if option in _LEAST:
        fits = type(value) is int and value >= _LEAST[option]
        return "" if fits else f"a whole number of at least {_LEAST[option]}"
    if option in _WITHIN:
        low, high = _WITHIN[option]
        number = value if isinstance(value, int | float) else math.nan
        fits = not isinstance(value, bool) and low <= number <= high
        return "" if fits else f"a number from {low:g} to {high:g}"
    if option == "sequence":
        return "" if value in SEQUENCES else " or ".join(map(repr, SEQUENCES))
    fits = value is None or (isinstance(value, tuple) and len(value) > 0 and _are_shares(value))
    return "" if fits else "fractions of the length above 0 and below 1, such as [0.25, 0.5]"


def _are_shares(values: tuple[Scalar, ...]) -> bool:
    return all(isinstance(share, int | float) and 0 < share < 1 for share in values)


def _allowed(word: str, table: Mapping[str, object]) -> str:
    near = [_THEIRS[word]] if _THEIRS.get(word) in table else get_close_matches(word, table, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if word in _ELSEWHERE:
        hint = f"; write {_ELSEWHERE[word]} instead"
    return f"{hint} (allowed: {', '.join(table) or 'none'})"
