"""One cell's search as a pure state machine: the same trials whatever finishes first.

Canonical order with a window of q: ask 0 to q-1, tell 0, ask q, tell 1, ask q+1, and so on. Trial
n is asked with the outcomes of exactly trials 0 to n-q known, and its pruner sees that same set.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from importlib import import_module

from hpstudy.search.driver import DRIVERS, Driver, Outcome, Trial
from hpstudy.spec.space import Config
from hpstudy.spec.study import Cell

DUPLICATES = 10


class CellSearch:
    """The trials of a cell, in canonical order; no clock, no files.

    `length` gives a configuration's epochs. `exhausted` says why a search ended before all its
    trials, and is None otherwise. Raises HpstudyError for options that no sampler or pruner takes.
    """

    def __init__(self, cell: Cell, maximise: bool, length: Callable[[Config], int]) -> None:
        if cell.search is None:
            raise ValueError(f"cell {cell.name!r} has no search")
        # imported here: Optuna costs more than everything that only reads this module's names
        from hpstudy.search import pruning

        self.cell = cell
        self.trials: list[Trial] = []
        self.outcomes: dict[int, Outcome] = {}
        self.exhausted: str | None = None
        self._wanted = cell.search.trials
        self._window = cell.search.parallel
        self._length = length
        self._driver = _build(cell, maximise)
        self._pruner = pruning.build(cell.search, maximise)
        self._first: dict[str, int] = {}
        self._repeats = 0
        self._reports: dict[int, dict[int, float]] = {}

    @property
    def done(self) -> bool:
        """Whether every trial is asked and finished; call `next` until it gives None first."""
        asked = self.exhausted is not None or len(self.trials) == self._wanted
        return asked and len(self.outcomes) == len(self.trials)

    def next(self) -> Trial | None:
        """The next trial, or None while the window is full and when there are no more.

        A trial with `same_as` is not to be trained: finish it with the outcome of that trial.
        """
        number = len(self.trials)
        if self.exhausted is not None or number == self._wanted:
            return None
        oldest = number - self._window
        if oldest >= 0:
            if oldest not in self.outcomes:
                return None
            self._tell(oldest)
        proposal = self._driver.ask(number)
        content = json.dumps(proposal.config, sort_keys=True)
        first = self._first.setdefault(content, number)
        trial = Trial(number, proposal, None if first == number else first)
        self.trials.append(trial)
        self._repeats = 0 if trial.same_as is None else self._repeats + 1
        if len(self.trials) < self._wanted:
            self.exhausted = self._end()
        return trial

    def rungs(self, number: int) -> tuple[int, ...]:
        """The epochs at whose end the trial reports its score and waits for the answer."""
        return self._pruner.rungs(self._length(self._asked(number).config))

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Whether the trial stops here, from its own reports and what was told at its ask.

        A value that is not finite always stops it. Raises ValueError for an epoch that is no rung.
        """
        if epoch not in self.rungs(number):
            raise ValueError(
                f"trial {number} reported at epoch {epoch}; its rungs are {self.rungs(number)}"
            )
        if not math.isfinite(value):
            return True
        # a run that starts again reports from its first rung
        before = self._reports.get(number, {})
        reports = {rung: score for rung, score in before.items() if rung < epoch} | {epoch: value}
        self._reports[number] = reports
        seen = max(0, number - self._window + 1)
        return self._pruner.prunes(seen, reports, self._length(self.trials[number].config))

    def finish(self, number: int, outcome: Outcome) -> None:
        """Take a trial's outcome, in any order; the sampler learns of it when its turn comes."""
        self._asked(number)
        if number in self.outcomes:
            raise ValueError(f"trial {number} of {self.cell.name!r} is already finished")
        self.outcomes[number] = outcome
        self._reports.pop(number, None)

    def _tell(self, number: int) -> None:
        outcome = self.outcomes[number]
        self._driver.tell(number, outcome)
        self._pruner.tell(outcome, self._length(self.trials[number].config))

    def _end(self) -> str | None:
        asked = len(self.trials)
        if self._driver.size is not None and asked >= self._driver.size:
            return f"space exhausted: all {asked} points of the grid are proposed"
        if self._repeats >= DUPLICATES:
            return (
                f"space exhausted: the last {DUPLICATES} of {asked} trials repeat earlier ones; "
                f"{len(self._first)} configurations are distinct"
            )
        return None

    def _asked(self, number: int) -> Trial:
        if not 0 <= number < len(self.trials):
            raise ValueError(
                f"trial {number} of {self.cell.name!r} is not asked; {len(self.trials)} trials are"
            )
        return self.trials[number]


def _build(cell: Cell, maximise: bool) -> Driver:
    assert cell.search is not None
    module, function = DRIVERS[cell.search.driver].build.split(":")
    driver: Driver = getattr(import_module(module), function)(cell, maximise)
    return driver
