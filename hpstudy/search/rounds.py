"""What Hyperband's rounds mean to a search: where its trials stop, and what they go on from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from hpstudy.search.driver import Outcome


class Rounds:
    """Stops each trial at the end of its round, where its promotion goes on."""

    def __init__(self, oracle: Any) -> None:
        self._oracle = oracle
        self._ends: dict[int, int] = {}
        self._promoted: dict[int, tuple[int, int]] = {}
        self._numbers: dict[str, int] = {}

    def begin(self, number: int, trial: Any) -> None:
        """Take the oracle's `trial`, whose values say its round."""
        values = trial.hyperparameters.values
        self._numbers[trial.trial_id] = number
        self._ends[number] = values["tuner/epochs"]
        if values.get("tuner/round"):
            before = self._numbers[values["tuner/trial_id"]]
            self._promoted[number] = before, values["tuner/initial_epoch"]

    def of(self, number: int) -> tuple[int, int] | None:
        return self._promoted.get(number)

    def possible(self) -> Collection[int]:
        return {self._numbers[name] for name in self._oracle.promotable()}

    def rungs(self, number: int, length: int) -> tuple[int, ...]:
        return (self._ends[number],) if self._ends[number] < length else ()

    def tell(self, outcome: Outcome, length: int) -> None:
        """The oracle itself is told, and promotes."""

    def prunes(self, number: int, seen: int, reports: Mapping[int, float], length: int) -> bool:
        return True
