"""A search driver that keeps time: Optuna's, with what each ask took written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import TypeVar

from hpstudy.search import optuna
from hpstudy.search.driver import Driver, Outcome
from hpstudy.spec import space
from hpstudy.spec.study import Cell

T = TypeVar("T")


@dataclass
class Ask:
    """Seconds by the clock, and of them those that this process spent on cores."""

    seconds: float = 0.0
    processor: float = 0.0

    def timed(self, call: Callable[[], T]) -> T:
        """What `call` gives; what it took is added."""
        began, spent = perf_counter(), process_time()
        try:
            return call()
        finally:
            self.seconds += perf_counter() - began
            self.processor += process_time() - spent


# of this process's searches, in order: a driver is built far from whoever reads its times
ASKS: list[Ask] = []


class Timed:
    """A driver whose asks are timed; what is told is not."""

    def __init__(self, inner: Driver) -> None:
        self._inner = inner
        self.size, self.pruner = inner.size, inner.pruner
        self.promotions = inner.promotions

    def begin(self, number: int) -> space.Ask:
        ask = Ask()
        ASKS.append(ask)
        answer = ask.timed(lambda: self._inner.begin(number))
        return lambda name, asked: ask.timed(lambda: answer(name, asked))

    def tell(self, number: int, outcome: Outcome) -> None:
        self._inner.tell(number, outcome)


def build(cell: Cell, maximise: bool) -> Driver:
    """Optuna's driver of a cell, timed."""
    return Timed(optuna.build(cell, maximise))
