"""What proposes trials, as plain data: the words a search speaks in, and the registry of drivers.

Nothing here imports Optuna; `DriverDeclaration.build` is resolved when a search starts.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any, Literal, Protocol

from hpstudy.search.brackets import epochs_of, refused, unequal
from hpstudy.search.options import ORACLE_OPTIONS, PRUNER_OPTIONS, SAMPLER_OPTIONS, options
from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Ask, Config, Proposal, Scalar
from hpstudy.spec.study import Cell, Search


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: its state, its score where it finished, its scores by rung epoch.

    `epochs` and `seconds` are what it was trained for. `excess` says of each limit of the search
    by how much its network is above it, or below where that is negative. `costs` are what the
    search wants to be small besides. Where its engine keeps no states, a promotion of it `repeats`
    its epochs. What an earlier process `lost` with a worker may be tried once more.
    """

    state: Literal["finished", "pruned", "diverged", "failed"]
    score: float | None = None
    rungs: Mapping[int, float] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    excess: Mapping[str, int] = field(default_factory=dict)
    costs: Mapping[str, int] = field(default_factory=dict)
    repeats: bool = False
    lost: bool = False

    def __post_init__(self) -> None:
        if self.state == "finished" and (self.score is None or not math.isfinite(self.score)):
            raise ValueError(
                f"a finished trial needs a finite score, got {self.score}; "
                "a trial whose score is NaN or infinite is 'diverged'"
            )
        if not all(math.isfinite(value) for value in self.rungs.values()):
            raise ValueError(f"scores at rungs are finite, got {dict(self.rungs)}")


@dataclass(frozen=True)
class Trial:
    """One proposed configuration; `same_as` is the first earlier trial that has the same one."""

    number: int
    proposal: Proposal
    same_as: int | None = None

    @property
    def params(self) -> Config:
        return self.proposal.params

    @property
    def config(self) -> Config:
        return self.proposal.config


class Driver(Protocol):
    """Proposes one cell's trials; begun and told in canonical order, never ahead of it.

    `size` is how many proposals there are, or None where there is no end. `pruner` stops the
    driver's trials where the search's own pruner must not. `promotions` are those of a driver whose
    trials go on from earlier ones.
    """

    size: int | None
    pruner: Pruner | None
    promotions: Promotions | None

    def begin(self, number: int) -> Ask:
        """What answers one parameter after another for trial `number`; raises Waits."""

    def tell(self, number: int, outcome: Outcome) -> None: ...


class Waits(Exception):
    """Nothing can be proposed before another trial is told, or ever where all are."""


class Pruner(Protocol):
    """Told each trial in canonical order; asked at each rung with how many of them count."""

    def rungs(self, number: int, length: int) -> tuple[int, ...]:
        """The epochs at whose end trial `number` reports and waits; never the last epoch."""

    def tell(self, outcome: Outcome, length: int) -> None: ...

    def prunes(self, number: int, seen: int, reports: Mapping[int, float], length: int) -> bool:
        """Whether trial `number` stops, which was begun when `seen` trials were told."""


class Promotions(Protocol):
    """Trials that take up again what earlier ones of their configuration were stopped at."""

    def of(self, number: int) -> tuple[int, int] | None:
        """The earlier trial of a promoted one, and the epoch that it was stopped at."""

    def possible(self) -> Collection[int]:
        """The trials that may yet be promoted, as far as the driver was told."""


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
        return refused(cell, search, _backend(engine), **taken)
    if search.pruner == "hyperband" and unequal(cell):
        return unequal(cell)
    return _unaffordable(search, epochs_of(cell))


def _backend(engine: Mapping[str, Any]) -> str:
    """The backend as far as a study file tells; with 'auto' a GPU of its machine may decide."""
    asked = str(engine.get("backend", "auto"))
    return "jax" if asked == "auto" and engine.get("devices") == "cpu" else asked


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


def stream(cell: Cell, search: Search, *words: object) -> int:
    """A seed from 1 to 2**32 - 1 that depends on search seed, arm, sweep values and words alone."""
    return derived(search.seed, cell.arm, sorted(cell.point.items()), *words) % (2**32 - 1) + 1


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
    ),
}
