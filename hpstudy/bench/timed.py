"""A search driver that keeps time: Optuna's, with the seconds of each ask written down."""

from __future__ import annotations

from time import perf_counter

from hpstudy.search import optuna
from hpstudy.search.driver import Driver, Outcome
from hpstudy.spec.space import Proposal
from hpstudy.spec.study import Cell

# of this process's searches, in order: a driver is built far from whoever reads its times
ASKS: list[float] = []


class Timed:
    """A driver whose asks are timed; what is told is not."""

    def __init__(self, inner: Driver) -> None:
        self._inner = inner
        self.size = inner.size

    def ask(self, number: int) -> Proposal:
        began = perf_counter()
        try:
            return self._inner.ask(number)
        finally:
            ASKS.append(perf_counter() - began)

    def tell(self, number: int, outcome: Outcome) -> None:
        self._inner.tell(number, outcome)


def build(cell: Cell, maximise: bool) -> Driver:
    """Optuna's driver of a cell, timed."""
    return Timed(optuna.build(cell, maximise))
