"""One cell's way from search through choose to confirm: a state machine without I/O or clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from hpstudy.errors import StudyChanged
from hpstudy.limits import refused
from hpstudy.picking import ranked
from hpstudy.planned import Planned, Slot, outcome
from hpstudy.search.discovery import Discovery, Found
from hpstudy.search.front import members
from hpstudy.search.window import CellSearch
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.identity import run_id
from hpstudy.spec.seeds import seeds
from hpstudy.spec.space import Proposal, Range, Scalar, resolve
from hpstudy.spec.study import Cell, Spec
from hpstudy.subsets.rules import Count

Event = dict[str, Any]


class CellRun:
    """Says which runs of a cell may start, and takes their results in any order."""

    def __init__(
        self,
        spec: Spec,
        cell: Cell,
        generation: int,
        fingerprint: str,
        length: Callable[[Mapping[str, Scalar]], int],
        counted: Callable[[Mapping[str, Scalar]], Count],
    ) -> None:
        self.spec, self.cell, self.generation = spec, cell, generation
        self._fingerprint, self._counted = fingerprint, counted
        self._limits = cell.search.limits if cell.search else {}
        self._costs = cell.search.costs if cell.search else ()
        self.phase = "search"
        self.choice: Event | None = None
        self._records: dict[Slot, Event] = {}
        self._waiting_twins: list[Planned] = []
        self._outstanding: set[Slot] = set()
        self._search = (
            CellSearch(cell, spec.score.maximise, length) if cell.search is not None else None
        )
        self._length = length
        self._trials: dict[int, Planned] = {}
        self._discovered = is_foreign(cell.settings)
        self._closed: list[Planned] = []
        if self._search is None and not self._discovered:
            fixed = resolve(cell.settings, cell.conditions, _nothing_to_ask(cell))
            self._trials[0] = self._planned("search", 0, 0, fixed)
            self._choose_from([0])

    @property
    def done(self) -> bool:
        """Whether no run is left to start or to wait for."""
        return self.phase in ("confirmed", "without pick") and not self._outstanding

    @property
    def exhausted(self) -> str | None:
        """Why the search ended before its trials were used up."""
        return self._search.exhausted if self._search else None

    def open(self) -> Discovery | None:
        """The next trial whose space only a run of its hypermodel tells; None where none may start.

        It is answered and then closed with `close`; until then no other trial of the cell opens.
        """
        if not self._discovered or self.phase != "search":
            return None
        if self._search is not None:
            return self._search.open()
        if self._trials or self._outstanding:
            return None
        slot = Slot(self.cell.name, self.generation, "search", 0, 0)
        self._outstanding.add(slot)
        return Discovery(0, self.cell, None, {})

    def places(self, discovery: Discovery) -> list[Slot]:
        """The slots whose stored event would say what a trial's discovery found."""
        phases = ["search"] if self._search is not None else ["search", "confirm"]
        counts = {"search": 1, "confirm": self.spec.confirm_seeds}
        return [
            Slot(self.cell.name, self.generation, phase, discovery.number, index)
            for phase in phases
            for index in range(counts[phase])
        ]

    def close(self, discovery: Discovery, found: Found) -> Planned | None:
        """The trial with all that was found; given back where it is not to be trained.

        What is to be trained comes from `ready`, like every other run.
        """
        proposal = discovery.proposal(found.training)
        reason = found.reason
        if reason is None:
            try:
                self._length(proposal.config)
            except ValueError as error:
                reason = str(error)
        number, twin = discovery.number, None
        rungs: tuple[int, ...] = ()
        if self._search is not None:
            trial = self._search.close(proposal, reason)
            rungs = self._search.rungs(number) if reason is None else ()
            twin = trial.same_as
        planned = self._planned("search", number, 0, proposal, rungs=rungs, twin=twin)
        told = {
            "space": discovery.space,
            "training": found.training,
            "counts": found.counts,
            "reason": reason,
        }
        over = None
        if reason is None and self._limits:
            over = refused(planned.run, Count(**found.counts), self._limits)
        planned = replace(planned, discovery=told, refused=over)
        self._trials[number] = planned
        if reason is not None:
            self._outstanding.add(planned.slot)
            return planned
        if self._search is None:
            self._outstanding.discard(planned.slot)
            self._choose_from([0])
        elif twin is not None:
            self._waiting_twins.append(planned)
        else:
            self._closed.append(planned)
        return None

    @property
    def trials(self) -> int:
        """Trials asked for so far."""
        return len(self._trials)

    @property
    def to_confirm(self) -> int:
        """Configurations that the confirm phase trains; at most, while they are not chosen."""
        if self.choice is not None:
            return len(self._confirmed())
        return self.cell.search.to_confirm if self.cell.search else 1

    def ready(self) -> list[Planned]:
        """Runs that may start now and have not been handed out."""
        found = self._take_twins()
        if self._discovered and self.phase == "search":
            found, self._closed = found + self._closed, []
            if self._search is not None and self._search.done:
                self._choose_from(self._candidates())
        elif self.phase == "search" and self._search is not None:
            while (trial := self._search.next()) is not None:
                planned = self._planned(
                    "search",
                    trial.number,
                    0,
                    trial.proposal,
                    rungs=self._search.rungs(trial.number),
                    twin=trial.same_as,
                )
                if self._limits:
                    count = self._counted(trial.config)
                    over = refused(planned.run, count, self._limits)
                    planned = replace(planned, refused=over)
                self._trials[trial.number] = planned
                if planned.twin is not None:
                    self._waiting_twins.append(planned)
                else:
                    found.append(planned)
            found += self._take_twins()
            if self._search.done:
                # a search may find out only now that nothing is left to propose
                self._choose_from(self._candidates())
        if self.phase in ("choose", "confirm"):
            found += self._phase_runs()
        self._outstanding |= {planned.slot for planned in found}
        return found

    def report(self, planned: Planned, epoch: int, score: float) -> bool:
        """Whether a search run goes on after a rung."""
        assert self._search is not None
        return not self._search.report(planned.slot.trial, epoch, score)

    def finish(self, planned: Planned, record: Event) -> None:
        """Take a run's record, already in the store."""
        self._outstanding.discard(planned.slot)
        self._records[planned.slot] = record
        if planned.slot.phase == "search" and self._search is not None:
            self._search.finish(planned.slot.trial, outcome(record, self._limits, self._costs))
            if self._search.done:
                self._choose_from(self._candidates())
        elif planned.slot.phase == "search":
            # no search: the only configuration there is could not be built
            self._choose_from([])
        elif not self._outstanding and not self._unstarted():
            self._advance()

    def _planned(
        self,
        phase: str,
        trial: int,
        index: int,
        proposal: Proposal,
        rungs: tuple[int, ...] = (),
        twin: int | None = None,
    ) -> Planned:
        drawn = seeds(self.spec.seed, phase, index)
        name = run_id(proposal.config, self.cell.defaults, drawn, self._fingerprint)
        slot = Slot(self.cell.name, self.generation, phase, trial, index)
        original = self._trials[twin].slot if twin is not None else None
        return Planned(slot, name, proposal, drawn, rungs, original)

    def _take_twins(self) -> list[Planned]:
        """Duplicates whose original has ended."""
        ready = [planned for planned in self._waiting_twins if planned.twin in self._records]
        self._waiting_twins = [p for p in self._waiting_twins if p.twin not in self._records]
        return ready

    def _candidates(self) -> list[int]:
        """Finished trials without duplicates, best score first; with costs, their front alone."""
        assert self.cell.search is not None
        sign = -1 if self.spec.score.maximise else 1
        finished = sorted(
            (sign * record["score"], slot.trial)
            for slot, record in self._records.items()
            if slot.phase == "search" and record["status"] == "finished"
        )
        # one configuration may have finished in several of Hyperband's brackets
        first: dict[str, int] = {}
        for _, trial in finished:
            first.setdefault(self._trials[trial].run, trial)
        best = list(first.values())
        if self._costs:
            told = {trial: self._records[self._trials[trial].slot] for trial in best}
            best = members(told, self._costs, self.spec.score.maximise)
        return best[: self.cell.search.choose_top]

    def _choose_from(self, candidates: list[int]) -> None:
        self._shortlist = candidates
        if not candidates:
            self.phase = "without pick"
        elif len(candidates) == 1 or not self._choose_seeds():
            self._pick()
        else:
            self.phase = "choose"

    def _choose_seeds(self) -> int:
        return self.cell.search.choose_seeds if self.cell.search else 0

    def _slots(self) -> list[Slot]:
        if self.phase == "choose":
            return self._choose_slots()
        return [
            self._slot(trial, index)
            for trial in self._confirmed()
            for index in range(self.spec.confirm_seeds)
        ]

    def _confirmed(self) -> list[int]:
        """The pick; with costs, after it the others of the front that were trained again."""
        assert self.choice is not None
        kept = self.choice["ranked"] if self._costs else self.choice["ranked"][:1]
        return [entry["trial"] for entry in kept]

    def _choose_slots(self) -> list[Slot]:
        """Every candidate on every seed; under a pruner, those left after each whole seed."""
        slots: list[Slot] = []
        left = self._shortlist
        prunes = self.cell.search is not None and self.cell.search.choose_pruner != "none"
        for index in range(self._choose_seeds()):
            slots += (self._slot(trial, index) for trial in left)
            if prunes and any(slot not in self._records for slot in slots):
                break
            if prunes:
                from hpstudy.search import choosing

                scores = {trial: self._scores(trial, index) for trial in left}
                left = choosing.left(scores, self.spec.score.maximise)
        return slots

    def _scores(self, trial: int, last: int) -> list[float | None]:
        """A candidate's choose scores up to seed `last`, None where a run was lost."""
        records = [self._records[self._slot(trial, index)] for index in range(last + 1)]
        return [one["score"] if one["status"] == "finished" else None for one in records]

    def _slot(self, trial: int, index: int) -> Slot:
        return Slot(self.cell.name, self.generation, self.phase, trial, index)

    def _unstarted(self) -> list[Slot]:
        return [
            slot
            for slot in self._slots()
            if slot not in self._outstanding and slot not in self._records
        ]

    def _phase_runs(self) -> list[Planned]:
        runs = [
            self._planned(
                self.phase, slot.trial, slot.seed_index, self._trials[slot.trial].proposal
            )
            for slot in self._unstarted()
        ]
        if self._search is not None:
            return runs
        # no search run holds what was discovered
        return [replace(one, discovery=self._trials[one.slot.trial].discovery) for one in runs]

    def _advance(self) -> None:
        if self.phase == "choose":
            self._pick()
        elif self.phase == "confirm":
            self.phase = "confirmed"

    def _pick(self) -> None:
        """Rank the shortlist, and take its first."""
        chosen = self._slots() if self.phase == "choose" else []
        # in the order of the seeds, whichever ended first
        runs = {
            trial: [self._records[slot] for slot in chosen if slot.trial == trial]
            for trial in self._shortlist
        }
        order = ranked(runs, self.spec.score.maximise)
        pick = self._trials[order[0]["trial"]]
        self.choice = {
            "event": "choice",
            "cell": self.cell.name,
            "generation": self.generation,
            "trials": len(self._trials),
            "ranked": order,
            "trial": pick.slot.trial,
            "params": pick.proposal.params,
            "config": pick.proposal.config,
            **({"ended": self.exhausted} if self.exhausted else {}),
        }
        self.phase = "confirm"


def _nothing_to_ask(cell: Cell) -> Callable[[str, Range], Scalar]:
    def ask(name: str, value: Range) -> Scalar:
        raise StudyChanged(f"{cell.name}: {name} has a range, but the arm says `search: none`")

    return ask
