"""One cell's way from search through choose to confirm: a state machine without I/O or clock."""

from __future__ import annotations

from collections.abc import Iterable

from hpstudy.picking import chosen, ranked
from hpstudy.planned import Planned, Slot
from hpstudy.search.discovery import Discovery, Found
from hpstudy.states import State
from hpstudy.store import Event
from hpstudy.trials import Trials


class CellRun:
    """Says which runs of a cell may start, and takes their results in any order."""

    def __init__(self, trials: Trials) -> None:
        self.spec, self.cell, self.generation = trials.spec, trials.cell, trials.generation
        self.phase = "search"
        self.choice: Event | None = None
        self._records: dict[Slot, Event] = {}
        self._outstanding: set[Slot] = set()
        self._trials = trials
        if self._trials.fixed:
            self._choose_from([0])

    @property
    def done(self) -> bool:
        """Whether no run is left to start or to wait for."""
        return self.phase in ("confirmed", "without pick") and not self._outstanding

    @property
    def exhausted(self) -> str | None:
        """Why the search ended before its trials were used up."""
        return self._trials.exhausted

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

    def open(self) -> Discovery | None:
        """As `Trials.open`, while the cell searches."""
        return self._trials.open() if self.phase == "search" else None

    def places(self, discovery: Discovery) -> list[Slot]:
        """The slots whose stored event would say what a trial's discovery found."""
        counts = {"search": 1}
        if self.cell.search is None:
            counts["confirm"] = self.spec.confirm_seeds
        return [
            Slot(self.cell.name, self.generation, phase, discovery.number, index)
            for phase, count in counts.items()
            for index in range(count)
        ]

    def close(self, discovery: Discovery, found: Found) -> Planned | None:
        """As `Trials.close`; what is to be trained comes from `ready`."""
        planned = self._trials.close(discovery, found)
        if planned is not None:
            self._outstanding.add(planned.slot)
        elif self.cell.search is None:
            self._choose_from([0])
        return planned

    def ready(self) -> list[Planned]:
        """Runs that may start now and have not been handed out."""
        found: list[Planned] = []
        if self.phase == "search":
            found += self._trials.ready()
            self._end_search()
        if self.phase in ("choose", "confirm"):
            found += (self._trials.again(self.phase, *one) for one in self._unstarted())
        self._outstanding |= {planned.slot for planned in found}
        return found

    def report(self, planned: Planned, epoch: int, score: float) -> bool:
        """Whether a search run goes on after a rung."""
        return self._trials.report(planned, epoch, score)

    def states(self) -> Iterable[State]:
        """The states that runs yet to start may go on from."""
        return self._trials.states() if self.phase == "search" else ()

    def finish(self, planned: Planned, record: Event) -> None:
        """Take a run's record, already in the store."""
        self._outstanding.discard(planned.slot)
        self._records[planned.slot] = record
        if planned.slot.phase == "search":
            self._trials.finish(planned, record)
            self._end_search()
            if self.cell.search is None:
                # the only configuration there is could not be built
                self._choose_from([])
        elif not self._outstanding and not self._unstarted():
            self._advance()

    def _end_search(self) -> None:
        if self._trials.done:
            self._choose_from(self._trials.shortlist())

    def _choose_from(self, candidates: list[int]) -> None:
        self._shortlist = candidates
        if not candidates:
            self.phase = "without pick"
        elif len(candidates) == 1 or self.cell.search is None or not self.cell.search.choose_seeds:
            self._pick()
        else:
            self.phase = "choose"

    def _wanted(self) -> list[tuple[int, int]]:
        """The (trial, seed) of every run of this phase that is wanted so far."""
        if self.phase == "choose":
            maximise = self.spec.score.maximise
            return chosen(self._shortlist, self.cell.search, self._recorded, maximise)
        seeds = range(self.spec.confirm_seeds)
        return [(trial, index) for trial in self._confirmed() for index in seeds]

    def _confirmed(self) -> list[int]:
        """The pick; with costs, after it the others of the front that were trained again."""
        assert self.choice is not None
        costs = self.cell.search.costs if self.cell.search else ()
        kept = self.choice["ranked"] if costs else self.choice["ranked"][:1]
        return [entry["trial"] for entry in kept]

    def _unstarted(self) -> list[tuple[int, int]]:
        """Those of them that are neither under way nor recorded."""
        return [
            one
            for one in self._wanted()
            if self._slot(*one) not in self._outstanding and self._recorded(*one) is None
        ]

    def _slot(self, trial: int, index: int) -> Slot:
        return Slot(self.cell.name, self.generation, self.phase, trial, index)

    def _recorded(self, trial: int, index: int) -> Event | None:
        return self._records.get(self._slot(trial, index))

    def _advance(self) -> None:
        if self.phase == "choose":
            self._pick()
        elif self.phase == "confirm":
            self.phase = "confirmed"

    def _pick(self) -> None:
        """Rank the shortlist, and take its first."""
        wanted = self._wanted() if self.phase == "choose" else []
        # in the order of the seeds, whichever ended first
        runs = {
            trial: [self._records[self._slot(*one)] for one in wanted if one[0] == trial]
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
