"""What proposes trials, as plain data: the words a search speaks in, and the registry of drivers.

Nothing here imports Optuna; `DriverDeclaration.build` is resolved when a search starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal, Protocol

from hpstudy.search.options import PRUNER_OPTIONS, SAMPLER_OPTIONS, options
from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Config, Proposal, Range, Scalar
from hpstudy.spec.study import Cell, Search


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: its state, its score where it finished, its scores by rung epoch."""

    state: Literal["finished", "pruned", "diverged", "failed"]
    score: float | None = None
    rungs: Mapping[int, float] = field(default_factory=dict)

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
    """Proposes one cell's trials; asked and told in canonical order, never ahead of it.

    `size` is how many proposals there are, or None where there is no end. `begin` answers one
    range of trial `number` at a time, by the name that it is asked under; `ask` all of a declared
    space.
    """

    size: int | None

    def begin(self, number: int) -> Callable[[str, Range], Scalar]: ...

    def ask(self, number: int) -> Proposal: ...

    def tell(self, number: int, outcome: Outcome) -> None: ...


_NEEDS: Mapping[str, tuple[str, ...]] = {"qmc": ("scipy",)}


def missing(sampler: str, pruner: str) -> str | None:
    """The command that installs what a sampler and a pruner need, or None where all is there."""
    wanted = ("optuna", *_NEEDS.get(sampler, ()), *_NEEDS.get(pruner, ()))
    absent = [package for package in wanted if find_spec(package) is None]
    return f"pip install {' '.join(absent)}" if absent else None


def stream(cell: Cell, search: Search, *words: object) -> int:
    """A seed from 1 to 2**32 - 1 that depends on search seed, arm, sweep values and words alone."""
    return derived(search.seed, cell.arm, sorted(cell.point.items()), *words) % (2**32 - 1) + 1


def _doc(text: str, taken: Mapping[str, Scalar]) -> str:
    listed = ", ".join(f"{name} {value}" for name, value in taken.items())
    return f"{text} ({listed})" if listed else text


DRIVERS: dict[str, DriverDeclaration] = {
    "optuna": DriverDeclaration(
        name="optuna",
        doc="Optuna's samplers and pruners, asked and told in a fixed order",
        samplers={
            "random": "independent draws",
            "tpe": _doc("tree-structured Parzen estimator", SAMPLER_OPTIONS["tpe"]),
            "grid": _doc("every point of a grid, in seeded order", SAMPLER_OPTIONS["grid"]),
            "qmc": _doc("a scrambled low-discrepancy sequence", SAMPLER_OPTIONS["qmc"]),
        },
        pruners={
            "none": "every trial runs its whole length",
            "median": _doc("stops below the median at a rung", PRUNER_OPTIONS["median"]),
            "asha": _doc("keeps the best of each rung", PRUNER_OPTIONS["asha"]),
        },
        build="hpstudy.search.optuna:build",
        foresighted=("grid", "qmc"),
        missing=missing,
        check=options,
    ),
}
