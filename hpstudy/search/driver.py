"""What proposes trials, as plain data: the words that a search and its driver speak in."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Ask, Config, Proposal
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


def stream(cell: Cell, search: Search, *words: object) -> int:
    """A seed from 1 to 2**32 - 1 that depends on search seed, arm, sweep values and words alone."""
    return derived(search.seed, cell.arm, sorted(cell.point.items()), *words) % (2**32 - 1) + 1
