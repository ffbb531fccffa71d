"""Whether a cell's search may start another trial, by epochs or by minutes of training."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from hpstudy.search.driver import Outcome
from hpstudy.spec.study import Search


@dataclass(frozen=True)
class Budget:
    """What a search may spend, None where nothing limits it."""

    epochs: int | None
    minutes: float | None

    @classmethod
    def of(cls, search: Search) -> Budget:
        return cls(search.budget_epochs, search.budget_minutes)

    def spent(self, told: Collection[Outcome]) -> str | None:
        """Why no trial is asked after those that are told, or None.

        Seconds as they were recorded, so a search that is resumed ends where it would have ended.
        """
        used = sum(outcome.seconds for outcome in told) / 60
        if self.minutes is None or used < self.minutes:
            return None
        return f"budget used up: {used:.3g} of {self.minutes:g} minutes of training"

    def fits(self, epochs: int) -> bool:
        """Whether the budget holds so many epochs in all."""
        return self.epochs is None or epochs <= self.epochs

    def short(self, used: int, wanted: int) -> str:
        """Why a trial of `wanted` epochs is not started."""
        return f"budget used up: {used} of {self.epochs} epochs, and the next trial needs {wanted}"
