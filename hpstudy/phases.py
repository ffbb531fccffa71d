"""One cell's way from search through choose to confirm: a state machine without I/O or clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from hpstudy.errors import StudyChanged
from hpstudy.limits import excess, refused
from hpstudy.search.discovery import Discovery, Found
from hpstudy.search.driver import Outcome
from hpstudy.search.window import CellSearch
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.identity import run_id
from hpstudy.spec.seeds import seeds
from hpstudy.spec.space import Proposal, Range, Scalar, resolve
from hpstudy.spec.study import Cell, Spec
from hpstudy.subsets.rules import Count

Event = dict[str, Any]


@dataclass(frozen=True)
class Slot:
    """A run's place in the study; every run event belongs to one."""

    cell: str
    generation: int
    phase: str
    trial: int
    seed_index: int

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Slot:
        return cls(*(event[name] for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class Planned:
    """A run that may start now; `twin` is the slot of an earlier trial that was the same run.

    `refused` is the record of a trial that is over a limit of its search, and not to be trained.
    `discovery` says what a discovered trial registered, in order, and decided.
    """

    slot: Slot
    run: str
    proposal: Proposal
    seeds: Mapping[str, int]
    rungs: tuple[int, ...] = ()
    twin: Slot | None = None
    refused: Event | None = None
    discovery: Event | None = None


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

    def ready(self) -> list[Planned]:
        """Runs that may start now and have not been handed out."""
        found = self._take_twins()
        if self._discovered and self.phase == "search":
            found, self._closed = found + self._closed, []
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
            self._search.finish(planned.slot.trial, outcome(record, self._limits))
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
        """Finished trials without duplicates, best score first."""
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
        return list(first.values())[: self.cell.search.choose_top]

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
        assert self.choice is not None
        trial = self.choice["trial"]
        return [self._slot(trial, index) for index in range(self.spec.confirm_seeds)]

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
        """Rank the shortlist by mean choose score, diverged and stopped ones last, and pick."""
        sign = -1 if self.spec.score.maximise else 1
        chosen = self._slots() if self.phase == "choose" else []
        ranked = []
        for place, trial in enumerate(self._shortlist):
            # in the order of the seeds, whichever ended first
            slots = [slot for slot in chosen if slot.trial == trial]
            runs = [self._records[slot] for slot in slots]
            scores = [record["score"] for record in runs if record["status"] == "finished"]
            lost = Counter(record["status"] for record in runs if record["status"] != "finished")
            mean = fmean(scores) if scores else 0.0
            # one that was stopped had fewer seeds than whoever went on
            order = (-len(slots), lost.total(), sign * mean, place)
            ranked.append((order, trial, scores, lost))
        ranked.sort(key=lambda entry: entry[0])
        pick = self._trials[ranked[0][1]]
        self.choice = {
            "event": "choice",
            "cell": self.cell.name,
            "generation": self.generation,
            "trials": len(self._trials),
            "ranked": [
                {
                    "trial": trial,
                    "mean": fmean(scores) if scores else None,
                    "scores": scores,
                    "diverged": lost["diverged"],
                    "failed": lost["failed"],
                }
                for _, trial, scores, lost in ranked
            ],
            "trial": pick.slot.trial,
            "params": pick.proposal.params,
            "config": pick.proposal.config,
            **({"ended": self.exhausted} if self.exhausted else {}),
        }
        self.phase = "confirm"


def outcome(record: Mapping[str, Any], limits: Mapping[str, int]) -> Outcome:
    """A run's record as the search is told it."""
    rungs = {int(epoch): score for epoch, score in record.get("rungs", {}).items()}
    finished = record["status"] in ("finished", "pruned")
    return Outcome(
        record["status"],
        record["score"] if finished else None,
        rungs,
        record.get("epochs", 0),
        record.get("seconds", {}).get("total", 0.0),
        excess(record.get("counts", {}), limits),
    )


def replayed(planned: Planned, record: Event, report: Callable[[int, float], bool]) -> Event | None:
    """What a stored run is under another search: the same, cut at a rung, or None to train again.

    `report` answers whether the run goes on after a rung, as it would for a live one.
    """
    known = {int(epoch): score for epoch, score in record.get("rungs", {}).items()}
    for epoch in planned.rungs:
        if epoch >= record["epochs"] and record["status"] != "pruned":
            break
        if epoch not in known:
            return None
        if not report(epoch, known[epoch]):
            if epoch == record["epochs"]:
                return record
            kept = {str(rung): known[rung] for rung in planned.rungs if rung <= epoch}
            return {
                **record,
                "status": "pruned",
                "reason": f"at the rung of epoch {epoch}",
                "score": known[epoch],
                "scored_epoch": epoch,
                "metrics": {},
                "epochs": epoch,
                "rungs": kept,
            }
    return None if record["status"] == "pruned" else record


def _nothing_to_ask(cell: Cell) -> Callable[[str, Range], Scalar]:
    def ask(name: str, value: Range) -> Scalar:
        raise StudyChanged(f"{cell.name}: {name} has a range, but the arm says `search: none`")

    return ask
