"""A search driver that keeps time: Optuna's, with what each ask took written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time

from hpstudy.search import optuna
from hpstudy.search.driver import Driver, Outcome
from hpstudy.spec.space import Proposal, Range, Scalar
from hpstudy.spec.study import Cell


@dataclass(frozen=True)
class Ask:
    """Seconds by the clock, and of them those that this process spent on cores."""

    seconds: float
    processor: float


# of this process's searches, in order: a driver is built far from whoever reads its times
ASKS: list[Ask] = []


class Timed:
    """A driver whose asks are timed; what is told is not."""

    def __init__(self, inner: Driver) -> None:
        self._inner = inner
        self.size = inner.size

    def ask(self, number: int) -> Proposal:
        began, spent = perf_counter(), process_time()
        try:
            return self._inner.ask(number)
        finally:
            ASKS.append(Ask(perf_counter() - began, process_time() - spent))

    def begin(self, number: int) -> Callable[[str, Range], Scalar]:
        return self._inner.begin(number)

    def tell(self, number: int, outcome: Outcome) -> None:
        self._inner.tell(number, outcome)


def build(cell: Cell, maximise: bool) -> Driver:
    """Optuna's driver of a cell, timed."""
    return Timed(optuna.build(cell, maximise))
