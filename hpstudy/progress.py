"""What watches a study while it runs, and what is left to say at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hpstudy.engine.devices import Fleet
from hpstudy.phases import CellRun
from hpstudy.spec.study import Spec
from hpstudy.store import Event


class Progress(Protocol):
    """Watches a study: whatever `hpstudy.run` is given as `progress` has these four methods.

    Each is called without a check that it is there, from the process that called `run`: `doubted`
    before anything happens in the folder, the others between runs.
    """

    def doubted(self, words: str) -> None:
        """Something in the study file is doubtful, though it may be right; once for each doubt."""

    def started(self, spec: Spec, cells: Mapping[str, CellRun], fleet: Fleet) -> None:
        """The study starts or goes on, on `fleet`; `cells` stays live."""

    def ended(self, event: Event, trained: bool) -> None:
        """A run ended; `trained` is False where the store already had it."""

    def waiting(self) -> None:
        """Called a few times a second while nothing happens."""


class Silent:
    """Progress for nobody."""

    def doubted(self, words: str) -> None:
        pass

    def started(self, spec: Spec, cells: Mapping[str, CellRun], fleet: Fleet) -> None:
        pass

    def ended(self, event: Event, trained: bool) -> None:
        pass

    def waiting(self) -> None:
        pass


@dataclass(frozen=True)
class Summary:
    """How a study ended: runs by status, cells without a pick, and how many runs were trained.

    `ended` says of a cell without a pick why its search ended before its trials were used up.
    """

    statuses: Mapping[str, int]
    unpicked: tuple[str, ...]
    trained: int
    ended: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """False where a run failed or a cell has no confirmed pick."""
        return not self.statuses.get("failed") and not self.unpicked
