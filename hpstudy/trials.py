"""One cell's trials as runs: proposed or discovered, the same run but once, within the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from hpstudy.errors import StudyChanged
from hpstudy.limits import refused
from hpstudy.picking import shortlist
from hpstudy.planned import Planned, Slot, outcome
from hpstudy.search.discovery import Discovery, Found
from hpstudy.search.driver import Trial
from hpstudy.search.window import CellSearch
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.identity import run_id
from hpstudy.spec.seeds import seeds
from hpstudy.spec.space import Proposal, Range, Scalar, resolve
from hpstudy.spec.study import Cell, Spec
from hpstudy.states import State
from hpstudy.store import Event
from hpstudy.subsets.rules import Count

Length = Callable[[Mapping[str, Scalar]], int]
Counted = Callable[[Mapping[str, Scalar]], Count]


class Trials:
    """The trials of a cell's search; without one, the only configuration that there is.

    With `whole`, a promotion costs all its epochs of a budget, and not its further ones alone.
    """

    def __init__(
        self,
        spec: Spec,
        cell: Cell,
        generation: int,
        fingerprint: str,
        length: Length,
        counted: Counted,
        whole: bool = False,
    ) -> None:
        self.spec, self.cell, self.generation = spec, cell, generation
        self._fingerprint, self._length, self._counted = fingerprint, length, counted
        self._limits = cell.search.limits if cell.search else {}
        self._costs = cell.search.costs if cell.search else ()
        maximise = spec.score.maximise
        self._search = CellSearch(cell, maximise, length, whole) if cell.search else None
        self._known: dict[int, Planned] = {}
        self._ended: dict[int, Event] = {}
        self._discovered = is_foreign(cell.settings)
        self._opened = False
        self._again: set[int] = set()
        self._closed: list[Planned] = []
        self._twins: list[Planned] = []
        if self.fixed:
            proposal = resolve(cell.settings, cell.conditions, _nothing_to_ask(cell))
            self._known[0] = self._planned("search", 0, 0, proposal)

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, number: int) -> Planned:
        """A trial that was asked for."""
        return self._known[number]

    @property
    def fixed(self) -> bool:
        """Whether there is one configuration, and the study file holds all of it."""
        return self._search is None and not self._discovered

    @property
    def done(self) -> bool:
        """Whether a search has ended; `ready` may find out only then that nothing is left."""
        return self._search is not None and self._search.done

    @property
    def exhausted(self) -> str | None:
        """Why the search ended before its trials were used up."""
        return self._search.exhausted if self._search else None

    def shortlist(self) -> list[int]:
        """The finished trials that are trained again, best first."""
        assert self.cell.search is not None
        ended = ((self._known[trial].run, trial, record) for trial, record in self._ended.items())
        top = self.cell.search.choose_top
        return shortlist(ended, top, self.spec.score.maximise, self._costs)

    def open(self) -> Discovery | None:
        """The next trial whose space only a run of its hypermodel tells; None where none may start.

        It is answered and then closed with `close`; until then no other trial of the cell opens.
        """
        if not self._discovered:
            return None
        if self._search is not None:
            return self._search.open()
        opens, self._opened = not self._opened, True
        return Discovery(0, self.cell, None, {}) if opens else None

    def close(self, discovery: Discovery, found: Found) -> Planned | None:
        """The trial with all that was found; given back where it is not to be trained.

        What is to be trained comes from `ready`.
        """
        proposal = discovery.proposal(found.training)
        reason = found.reason
        if reason is None:
            try:
                self._length(proposal.config)
            except ValueError as error:
                reason = str(error)
        number = discovery.number
        planned = self._planned("search", number, 0, proposal)
        if self._search is not None:
            trial = self._search.close(proposal, reason, found.again)
            planned = self._trial(trial) if reason is None else planned
        told = {
            "space": discovery.space,
            "training": found.training,
            "counts": found.counts,
            "reason": reason,
            **({"lost": True} if found.lost else {}),
        }
        if found.again:
            self._again.add(number)
        over = None
        if reason is None and self._limits:
            over = refused(planned.run, Count(**found.counts), self._limits)
        self._known[number] = planned = replace(planned, discovery=told, refused=over)
        if reason is None and self._search is not None:
            self._place(planned)
        return None if reason is None else planned

    def ready(self) -> list[Planned]:
        """Runs that may start now and have not been handed out."""
        while self._search is not None and not self._discovered:
            trial = self._search.next()
            if trial is None:
                break
            planned = self._trial(trial)
            if self._limits:
                over = refused(planned.run, self._counted(trial.config), self._limits)
                planned = replace(planned, refused=over)
            self._known[trial.number] = planned
            self._place(planned)
        free, self._closed = self._closed, []
        held, self._twins = self._twins, []
        for one in held:
            assert one.twin is not None
            (free if one.twin.trial in self._ended else self._twins).append(one)
        return free

    def report(self, planned: Planned, epoch: int, score: float) -> bool:
        """Whether a search run goes on after a rung."""
        assert self._search is not None
        return not self._search.report(planned.slot.trial, epoch, score)

    def finish(self, planned: Planned, record: Event) -> None:
        """Take a search run's record."""
        self._ended[planned.slot.trial] = record
        if self._search is not None:
            told = outcome(record, self._limits, self._costs)
            lost = planned.slot.trial in self._again
            self._search.finish(planned.slot.trial, replace(told, lost=lost))

    def states(self) -> Iterator[State]:
        """The states that trials yet to come may go on from."""
        for number in self._search.promotable() if self._search is not None else ():
            record = self._ended.get(number)
            if record is not None and record["status"] == "pruned":
                yield self._known[number].run, record["epochs"]

    def again(self, phase: str, trial: int, index: int) -> Planned:
        """A trial's configuration on a seed of another phase."""
        before = self._known[trial]
        planned = self._planned(phase, trial, index, before.proposal)
        # no search run holds what was discovered
        return planned if self._search else replace(planned, discovery=before.discovery)

    def _place(self, planned: Planned) -> None:
        """Hand a trial out next, or once its original has ended."""
        (self._closed if planned.twin is None else self._twins).append(planned)

    def _trial(self, trial: Trial) -> Planned:
        """A trial of the search as a run."""
        assert self._search is not None
        rungs = self._search.rungs(trial.number)
        return replace(
            self._planned("search", trial.number, 0, trial.proposal),
            rungs=rungs,
            twin=None if trial.same_as is None else self._known[trial.same_as].slot,
            keeps=self._search.promotes and bool(rungs),
            begins=self._search.begins(trial.number),
        )

    def _planned(self, phase: str, trial: int, index: int, proposal: Proposal) -> Planned:
        drawn = seeds(self.spec.seed, phase, index)
        name = run_id(proposal.config, self.cell.defaults, drawn, self._fingerprint)
        slot = Slot(self.cell.name, self.generation, phase, trial, index)
        return Planned(slot, name, proposal, drawn)


def _nothing_to_ask(cell: Cell) -> Callable[[str, Range], Scalar]:
    def ask(name: str, value: Range) -> Scalar:
        raise StudyChanged(f"{cell.name}: {name} has a range, but the arm says `search: none`")

    return ask
