"""One cell's search as a pure state machine: the same trials whatever finishes first.

Canonical order with a window of q: ask 0 to q-1, tell 0, ask q, tell 1, ask q+1, and so on. Trial
n is asked with the outcomes of exactly trials 0 to n-q known, and its pruner sees that same set.
A driver that waits is told one trial more, in order, and asked again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from importlib import import_module

from hpstudy.search.budget import Budget, Spending
from hpstudy.search.discovery import Discovery, Names
from hpstudy.search.driver import Driver, Outcome, Trial, Waits
from hpstudy.search.drivers import DRIVERS
from hpstudy.spec.layers import LENGTHS
from hpstudy.spec.space import Ask, Config, Proposal, resolve
from hpstudy.spec.study import Cell
from hpstudy.tracebacks import headline

EPOCHS, _ = LENGTHS
DUPLICATES = 10
UNBUILT = 5  # trials in a row that raise before they train; a search then ends


class CellSearch:
    """The trials of a cell, in canonical order; no clock, no files.

    `length` gives a configuration's epochs. `exhausted` says why a search ended before all its
    trials, and is None otherwise. A promotion costs its further epochs of a budget, or all of them
    where `whole`. Raises HpstudyError for options that no sampler or pruner takes.
    """

    def __init__(
        self, cell: Cell, maximise: bool, length: Callable[[Config], int], whole: bool = False
    ) -> None:
        if cell.search is None:
            raise ValueError(f"cell {cell.name!r} has no search")
        # imported here: Optuna costs more than everything that only reads this module's names
        from hpstudy.search import pruners

        self.cell = cell
        self.trials: list[Trial] = []
        self.outcomes: dict[int, Outcome] = {}
        self.exhausted: str | None = None
        self._wanted = cell.search.trials
        self._window = cell.search.parallel
        self._length, self._whole = length, whole
        self._driver = _build(cell, maximise)
        self._pruner = self._driver.pruner or pruners.build(cell, maximise)
        self._told = 0
        # how many trials were told when each was asked
        self._seen: list[int] = []
        self._budget, self._spending = Budget.of(cell.search), Spending()
        # a proposal that waits for the budget, the epochs that each trial may need, and those that
        # a promotion need not repeat
        self._held: Proposal | None = None
        self._most: list[int] = []
        self._spared: list[int] = []
        self._waits = False
        self._first: dict[str, int] = {}
        self._repeats = self._unbuilt = 0
        self._lengths: list[int] = []
        # a trial that is opened when the budget holds it, and the one that is open
        self._next: Discovery | None = None
        self._open: Discovery | None = None
        self._names: Names = {}
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
        if self._held is None:
            ask = self._begun()
            if ask is None:
                return None
            self._held = resolve(self.cell.settings, self.cell.conditions, ask)
        trial = self._placed(self._held)
        self._held = None if trial is not None else self._held
        return trial

    def open(self) -> Discovery | None:
        """The next trial of a space that is known only by running it; None as in `next`.

        One at a time: samplers read what running trials were answered, so the next trial waits
        until this one is closed.
        """
        if self._next is None and (ask := self._begun()) is not None:
            self._next = Discovery(len(self.trials), self.cell, ask, self._names)
        if self._next is None or not self._afforded(self._reserved(self._next)):
            return None
        self._open, self._next = self._next, None
        return self._open

    def close(self, proposal: Proposal, reason: str | None = None, again: bool = False) -> Trial:
        """The open trial with its full configuration; `reason` says why it cannot be trained.

        Such a trial is finished like any other, and never stands in for another one. One that may
        be tried `again` is no sign that the hypermodel cannot be built.
        """
        assert self._open is not None
        self._open = None
        self._unbuilt = 0 if reason is None or again else self._unbuilt + 1
        trial = self._placed(proposal, trains=reason is None)
        assert trial is not None, "its epochs were there when it was opened"
        if self.exhausted is None and self._unbuilt >= UNBUILT:
            asked, last = len(self.trials), headline(str(reason))
            self.exhausted = f"the last {UNBUILT} of {asked} trials could not be built: {last}"
        return trial

    def rungs(self, number: int) -> tuple[int, ...]:
        """The epochs at whose end the trial reports its score and waits for the answer."""
        self._asked(number)
        return self._pruner.rungs(number, self._lengths[number])

    @property
    def promotes(self) -> bool:
        """Whether trials that were stopped may be promoted, and go on."""
        return self._driver.promotions is not None

    def begins(self, number: int) -> int:
        """The epoch that a promoted trial goes on from; 0 for one that begins."""
        promoted = self._promoted(number)
        if promoted is None:
            return 0
        before, epoch = promoted
        # one that diverged or ended by itself has no state to go on from
        return epoch if epoch in self.outcomes[before].rungs else 0

    def promotable(self) -> set[int]:
        """The trials that another one may yet go on from."""
        if self._driver.promotions is None:
            return set()
        # the last one may be begun and not asked yet
        under_way = range(self._told, len(self.trials) + 1)
        begun = (self._promoted(n) for n in under_way if n not in self.outcomes)
        possible = self._driver.promotions.possible()
        return {one[0] for one in begun if one is not None} | set(possible)

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
        seen, length = self._seen[number], self._lengths[number]
        return self._pruner.prunes(number, seen, reports, length)

    def finish(self, number: int, outcome: Outcome) -> None:
        """Take a trial's outcome, in any order; the sampler learns of it when its turn comes."""
        self._asked(number)
        if number in self.outcomes:
            raise ValueError(f"trial {number} of {self.cell.name!r} is already finished")
        self.outcomes[number] = outcome
        if self.trials[number].same_as is None:
            epochs = max(0, outcome.epochs - self._spared[number])
            self._spending.end(self._most[number], epochs)
        self._reports.pop(number, None)

    def _begun(self) -> Ask | None:
        """What answers the next trial; None until more have finished, or where there is no other.

        Those that leave its window are told first, and more of them where the driver waits.
        """
        number = len(self.trials)
        while self._open is None and self.exhausted is None and number < self._wanted:
            if self._waits and self._told == number:
                self.exhausted = f"space exhausted: nothing new is left after {number} trials"
            elif self._waits or self._told <= number - self._window:
                if self._told not in self.outcomes:
                    return None
                self._tell()
            elif spent := self._budget.spent(self._spending):
                self.exhausted = spent
            else:
                try:
                    return self._driver.begin(number)
                except Waits:
                    self._waits = True
        return None

    def _placed(self, proposal: Proposal, trains: bool = True) -> Trial | None:
        """The proposal as the next trial; None until the budget holds it, or if it never will."""
        number, length = len(self.trials), self._length(proposal.config) if trains else 1
        rungs = self._pruner.rungs(number, length)
        # the same configuration to another end is another trial
        content = json.dumps([proposal.config, rungs], sort_keys=True)
        first = self._first.setdefault(content, number) if trains else number
        most, spared = self._needed(number, length), self._spares(number)
        new = trains and first == number
        if new and not self._afforded(most):
            return None
        trial = Trial(number, proposal, None if first == number else first)
        self.trials.append(trial)
        self._lengths.append(length)
        self._most.append(most if new else 0)
        self._spending.begin(self._most[number])
        self._spared.append(spared)
        self._seen.append(self._told)
        self._repeats = 0 if trial.same_as is None else self._repeats + 1
        if len(self.trials) < self._wanted:
            self.exhausted = self._end()
        return trial

    def _reserved(self, discovery: Discovery) -> int:
        """What a trial may need of a budget of epochs, known before its hypermodel is run."""
        if self._budget.epochs is None:
            return 0
        told = discovery.config.get(EPOCHS)
        length = told if isinstance(told, int) else self._length(discovery.config)
        return self._needed(discovery.number, length)

    def _needed(self, number: int, length: int) -> int:
        """The most epochs of a trial: a driver's own pruner stops every one at its rung."""
        rungs = self._pruner.rungs(number, length)
        most = rungs[-1] if rungs and self._driver.pruner else length
        return most - self._spares(number)

    def _promoted(self, number: int) -> tuple[int, int] | None:
        """The trial that a promoted one was, and the epoch that it was stopped at."""
        promotions = self._driver.promotions
        return promotions.of(number) if promotions is not None else None

    def _spares(self, number: int) -> int:
        """The epochs that no budget is charged for, as an engine that keeps states repeats none."""
        promoted = self._promoted(number)
        repeats = promoted is None or self._whole or self.outcomes[promoted[0]].repeats
        return 0 if repeats else self.begins(number)

    def _afforded(self, wanted: int) -> bool:
        """Whether the budget holds a trial of `wanted` epochs; where it never will, the end."""
        if self._budget.fits(self._spending.reserved + wanted):
            return True
        if self._spending.running == 0:
            self.exhausted = self._budget.short(self._spending.used, wanted)
        return False

    def _tell(self) -> None:
        outcome = self.outcomes[self._told]
        self._driver.tell(self._told, outcome)
        self._pruner.tell(outcome, self._lengths[self._told])
        if self.trials[self._told].same_as is None:
            self._spending.seconds += outcome.seconds
        self._told += 1
        self._waits = False

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
