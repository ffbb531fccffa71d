"""What a user asks of the benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

REPEATS = 3


def _silent(line: str) -> None:
    pass


@dataclass(frozen=True)
class Options:
    """How much is run; None leaves a benchmark its own size. `say` is told of progress.

    `only` names the parts of a benchmark that are wanted.
    """

    trials: int | None = None
    slow_trials: int | None = None
    repeats: int | None = None
    peers: tuple[str, ...] | None = None
    only: tuple[str, ...] | None = None
    quick: bool = False
    say: Callable[[str], None] = _silent

    @property
    def laps(self) -> int:
        """How many times each figure is taken; the median of them counts."""
        return self.repeats or (1 if self.quick else REPEATS)
