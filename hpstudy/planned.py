"""A run that may start, its place in the study, and what a stored record of it means now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpstudy.limits import excess
from hpstudy.search.driver import Outcome
from hpstudy.spec.objectives import costs
from hpstudy.spec.space import Proposal
from hpstudy.store import Event


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
    `discovery` says what a discovered trial registered, in order, and decided. A run that `keeps`
    its state where it is stopped may be promoted; a promoted one `begins` after that epoch.
    """

    slot: Slot
    run: str
    proposal: Proposal
    seeds: Mapping[str, int]
    rungs: tuple[int, ...] = ()
    twin: Slot | None = None
    refused: Event | None = None
    discovery: Event | None = None
    keeps: bool = False
    begins: int = 0


def outcome(
    record: Mapping[str, Any], limits: Mapping[str, int], named: Sequence[str] = ()
) -> Outcome:
    """A run's record as the search is told it; `named` are the costs that it looks at."""
    rungs = {int(epoch): score for epoch, score in record.get("rungs", {}).items()}
    finished = record["status"] in ("finished", "pruned")
    numerics = record.get("numerics", {})
    return Outcome(
        record["status"],
        record["score"] if finished else None,
        rungs,
        record.get("epochs", 0),
        record.get("seconds", {}).get("total", 0.0),
        excess(record.get("counts", {}), limits),
        costs(named, record),
        repeats="model.fit" in (numerics.get("path"), numerics.get("trained_by")),
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


def not_replayed(planned: Planned, stored: Mapping[str, Any]) -> str:
    """Why a search cannot go on where its place holds another run."""
    return (
        f"{planned.slot.cell}: trial {planned.slot.trial} was {stored['params']} and would now be "
        f"{dict(planned.proposal.params)}; the search no longer repeats (another version of a "
        f"library?). Use the versions that its report names, or --fresh to start over"
    )
