"""The registry of drivers: what each takes, what it needs, and what it cannot search.

Nothing here imports Optuna or Keras Tuner; `build` is resolved when a search starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from hpstudy.backends import Machine, known
from hpstudy.search.brackets import epochs_of, refused, unequal
from hpstudy.search.idle import idle
from hpstudy.search.options import ORACLE_OPTIONS, PRUNER_OPTIONS, SAMPLER_OPTIONS, options
from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.space import Scalar
from hpstudy.spec.study import Cell, Search

# what each name needs besides its library, and what pip calls it where that is another name
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "qmc": ("scipy",),
    "cmaes": ("cmaes",),
    "gp": ("torch", "scipy"),
    "bayesian": ("scipy", "sklearn"),
}
_PIP = {"keras_tuner": "keras-tuner", "sklearn": "scikit-learn"}
# what `pip install '.[samplers]'` installs
_SAMPLERS = {"cmaes", "torch"}


def missing(sampler: str, pruner: str) -> str | None:
    """The command that installs what a sampler and a pruner need, or None where all is there."""
    return _absent("optuna", sampler, pruner)


def _missing_oracle(oracle: str, pruner: str) -> str | None:
    # the dashboard's storage and the pruners are Optuna's, whatever proposes
    return _absent("keras_tuner", "optuna", oracle, pruner)


def _absent(*names: str) -> str | None:
    libraries = [name for name in names if name in ("optuna", "keras_tuner")]
    wanted = [*libraries, *(package for name in names for package in _NEEDS.get(name, ()))]
    absent = [_PIP.get(package, package) for package in wanted if find_spec(package) is None]
    extra = ", or pip install '.[samplers]' in the clone" if _SAMPLERS.intersection(absent) else ""
    return f"pip install {' '.join(absent)}{extra}" if absent else None


def _refused(cell: Cell, engine: Mapping[str, Any]) -> str | None:
    """Why a cell cannot be searched as it says, or None; for options that are right."""
    search = cell.search
    if search is None:
        return None
    ahead = _ahead(cell, search) if is_foreign(cell.settings) else None
    if ahead is not None:
        return ahead
    if search.driver == "keras_tuner" and search.sampler == "hyperband":
        taken: Any = options("oracle", "hyperband", search.sampler_options)
        return refused(cell, search, known(engine, Machine.here()), **taken)
    if search.pruner == "hyperband" and unequal(cell):
        return unequal(cell)
    return _unaffordable(search, epochs_of(cell))


def _unaffordable(search: Search, need: int | None) -> str | None:
    """Why a budget of epochs holds no trial of `need` epochs, or None."""
    budget = search.budget_epochs
    if budget is None or need is None or budget >= need:
        return None
    return (
        f"search.budget.epochs is {budget}, and one trial needs {need}, so none would be trained; "
        f"allowed: {need} and more"
    )


def _ahead(cell: Cell, search: Search) -> str | None:
    """Why a space that is known only by running it cannot be searched as it says, or None."""
    name = cell.settings["model.type"]
    if search.sampler == "grid" and "points" not in search.sampler_options:
        say = f"the ranges of {name} are known only by running it, and some may have no steps"
        return f"{say}; write {{grid: {{points: 5}}}} to say how many values it takes of those"
    return None


def _doc(text: str, taken: Mapping[str, Scalar]) -> str:
    listed = ", ".join(f"{name} {_default(name, value)}" for name, value in taken.items())
    return f"{text} ({listed})" if listed else text


# what an option without a number of its own is
_FOLLOWS = {
    "population": "4 + 3 ln(parameters)",
    "startup_trials": "3 for each parameter",
    "rungs": "a quarter of the length, then times factor",
}


def _default(name: str, value: Scalar) -> str:
    """An option's default as a study file has it, or what it follows from."""
    if value is None:
        return _FOLLOWS[name]
    return str(list(value)) if isinstance(value, tuple) else f"{value}"


_PRUNERS = {
    "none": "every trial runs its whole length",
    "median": _doc("stops below the median at a rung", PRUNER_OPTIONS["median"]),
    "percentile": _doc("keeps the best at a rung", PRUNER_OPTIONS["percentile"]),
    "patient": _doc(
        "as median, and only where a score has stopped rising", PRUNER_OPTIONS["patient"]
    ),
    "asha": _doc("keeps the best of each rung", PRUNER_OPTIONS["asha"]),
    "hyperband": _doc("asha from several first rungs", PRUNER_OPTIONS["hyperband"]),
}

DRIVERS: dict[str, DriverDeclaration] = {
    "optuna": DriverDeclaration(
        name="optuna",
        doc="Optuna's samplers and pruners, asked and told in a fixed order",
        samplers={
            "random": "independent draws",
            "tpe": _doc("tree-structured Parzen estimator", SAMPLER_OPTIONS["tpe"]),
            "grid": _doc("every point of a grid, in seeded order", SAMPLER_OPTIONS["grid"]),
            "qmc": _doc("a scrambled low-discrepancy sequence", SAMPLER_OPTIONS["qmc"]),
            "cmaes": _doc("covariance matrix adaptation", SAMPLER_OPTIONS["cmaes"]),
            "gp": _doc("a Gaussian process", SAMPLER_OPTIONS["gp"]),
            "nsgaii": _doc("generations by crossover and mutation", SAMPLER_OPTIONS["nsgaii"]),
        },
        pruners=_PRUNERS,
        build="hpstudy.search.optuna:build",
        several=("random", "tpe", "grid", "qmc", "gp", "nsgaii"),
        missing=missing,
        check=options,
        refuses=_refused,
        idle=idle,
    ),
    "keras_tuner": DriverDeclaration(
        name="keras_tuner",
        doc="Keras Tuner's oracles, asked and told in a fixed order",
        samplers={
            "random": "independent draws, each configuration once",
            "grid": _doc("every combination, in order", ORACLE_OPTIONS["grid"]),
            "bayesian": _doc("a Gaussian process", ORACLE_OPTIONS["bayesian"]),
            "hyperband": _doc(
                "short runs for many trials, longer ones for the best", ORACLE_OPTIONS["hyperband"]
            ),
        },
        pruners=_PRUNERS,
        build="hpstudy.search.keras_tuner:build",
        missing=_missing_oracle,
        check=options,
        word="oracle",
        default="random",
        refuses=_refused,
        idle=idle,
    ),
}
