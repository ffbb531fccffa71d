"""Whether a cell's search may start another trial, by epochs or by minutes of training."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.spec.study import Search


@dataclass
class Spending:
    """What a search has spent, kept as its trials begin and end; duplicates cost nothing.

    `used`: epochs of the trials that ended; `running`: the most that those under way may need;
    `seconds`: of training, of the trials that the sampler was told of.
    """

    used: int = 0
    running: int = 0
    seconds: float = 0.0

    @property
    def reserved(self) -> int:
        """Epochs that no other trial can have."""
        return self.used + self.running

    def begin(self, most: int) -> None:
        """A trial begins that may need so many epochs."""
        self.running += most

    def end(self, most: int, epochs: int) -> None:
        """A trial ends that might have needed `most` epochs and trained `epochs`."""
        self.running -= most
        self.used += epochs


@dataclass(frozen=True)
class Budget:
    """What a search may spend, None where nothing limits it."""

    epochs: int | None
    minutes: float | None

    @classmethod
    def of(cls, search: Search) -> Budget:
        return cls(search.budget_epochs, search.budget_minutes)

    def spent(self, spending: Spending) -> str | None:
        """Why no trial is asked after what is spent, or None.

        Seconds as they were recorded, so a search that is resumed ends where it would have ended.
        """
        used = spending.seconds / 60
        if self.minutes is None or used < self.minutes:
            return None
        return f"budget used up: {used:.3g} of {self.minutes:g} minutes of training"

    def fits(self, epochs: int) -> bool:
        """Whether the budget holds so many epochs in all."""
        return self.epochs is None or epochs <= self.epochs

    def short(self, used: int, wanted: int) -> str:
        """Why a trial of `wanted` epochs is not started."""
        return f"budget used up: {used} of {self.epochs} epochs, and the next trial needs {wanted}"
