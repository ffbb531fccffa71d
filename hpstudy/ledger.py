"""A study's events at their places: what is known already, and the one hand that writes more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from hpstudy.data import Split
from hpstudy.errors import StudyChanged
from hpstudy.events import plain, study_event, timeless
from hpstudy.planned import Planned, Slot, not_replayed, replayed
from hpstudy.sources import beside
from hpstudy.spec.foreign import CODE
from hpstudy.spec.growth import grown
from hpstudy.spec.study import Spec
from hpstudy.store import Event, Store


class Ledger:
    """The events of a store, indexed by their places, as `slots`, and by what was trained.

    `generations` counts the searches of each cell.
    """

    def __init__(self, store: Store) -> None:
        self.slots: dict[Slot, Event] = {}
        self.generations: dict[str, int] = {}
        # of each run the longest record, with the rungs that the others passed as well
        self._runs: dict[tuple[str, Any], Event] = {}
        # the first run event of each cell's generations
        self._first: dict[tuple[str, int], Event] = {}
        self._store = store
        self._study: Event | None = None
        self._last: dict[tuple[str, str], Event] = {}
        for event in store.events():
            if event["event"] == "study":
                self._study = event
            elif event["event"] == "generation":
                self.generations[event["cell"]] = event["generation"]
            elif event["event"] == "run":
                self._index(event)
            else:
                self._last[event["event"], event["cell"]] = event

    def begin(self, spec: Spec, split: Split) -> None:
        """Hold the study against what the folder has, then write down what is new."""
        event, before = study_event(spec, split, beside(self._store, spec)), self._study
        growth = grown(before, event, self._unscored(before)) if before is not None else None
        new: list[Event] = []
        for cell in spec.cells:
            number = self.generations.get(cell.name, 0)
            reason = growth.restarted.get(cell.name) if growth else None
            if growth and number and cell.name in growth.added:
                reason = "it had left the study"
            if not number or reason is not None:
                self.generations[cell.name] = number + 1
                new.append(
                    {
                        "event": "generation",
                        "cell": cell.name,
                        "generation": number + 1,
                        "reason": reason or "first",
                    }
                )
        if before is None or timeless(before) != timeless(event):
            new.append(event)
        self._append(*new)

    def _unscored(self, study: Event) -> set[str]:
        """The codes of a study's hypermodels of which no run has a score."""
        codes = {cell["settings"].get(CODE) for cell in study["cells"]} - {None}
        scored = (event for event in self.slots.values() if event.get("score") is not None)
        return codes - {event["config"].get(CODE) for event in scored}

    def whole(self, cell: str) -> bool:
        """Whether the cell's present search counts all epochs of a promotion, as it once began.

        Versions that did so tell in no record what was trained of its epochs. Such a search keeps
        its rule, or its budget would hold more trials and it would go on after its end.
        """
        first = self._first.get((cell, self.generations[cell]))
        return first is not None and "trained_epochs" not in first

    def known(self, planned: Planned, report: Callable[[int, float], bool]) -> Event | None:
        """The record that a run would repeat, if there is one; `report` as for `replayed`."""
        here = self.slots.get(planned.slot)
        if here is not None:
            if here["run"] != planned.run:
                raise StudyChanged(not_replayed(planned, here))
            return here
        if planned.twin is not None:
            return self.slots[planned.twin]
        if planned.refused is not None:
            return planned.refused
        stored = self._runs.get(_trained(planned.run, planned.proposal.config))
        if stored is None or stored["status"] == "failed":
            # what failed in one place may be tried in another
            return None
        return stored if planned.slot.phase != "search" else replayed(planned, stored, report)

    def longer(self, planned: Planned, epochs: int) -> bool:
        """Whether a run has been trained for more epochs than so many before."""
        stored = self._runs.get(_trained(planned.run, planned.proposal.config))
        return stored is not None and stored["epochs"] > epochs

    def take(self, event: Event) -> Event:
        """Write a `run` event to disk; the event as it stands there, with its time."""
        (stamped,) = self._append(event)
        self._index(stamped)
        return stamped

    def note(self, event: Event) -> None:
        """Write a cell's `choice` down, unless it is the one that stands."""
        key = event["event"], event["cell"]
        if key not in self._last or timeless(self._last[key]) != plain(event):
            self._last[key] = event
            self._append(event)

    def look(self, choice: Event, seeds: int) -> None:
        """Write down that a pick is about to be scored on the test split."""
        before = self._last.get(("look", choice["cell"]))
        event: Event = {
            "event": "look",
            **{key: choice[key] for key in ("cell", "generation", "trials", "trial")},
            "seeds": seeds,
            "look": before["look"] if before else 1,
        }
        if before is not None and timeless(before) != event and self._tested(choice["cell"]):
            event["look"] += 1
        self.note(event)

    def _tested(self, cell: str) -> bool:
        """Whether a run of a cell has been scored on the test split."""
        places = self.slots.items()
        own = (run for at, run in places if (at.cell, at.phase) == (cell, "confirm"))
        return any(run.get("score") is not None for run in own)

    def _append(self, *events: Event) -> list[dict[str, Any]]:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        stamped = [{**event, "time": time} for event in events]
        self._store.append(*stamped)
        return stamped

    def _index(self, event: Event) -> None:
        self.slots[Slot.of(event)] = event
        self._first.setdefault((event["cell"], event["generation"]), event)
        key = _trained(event["run"], event["config"])
        kept = self._runs.get(key, event)
        longest, other = (event, kept) if event["epochs"] > kept["epochs"] else (kept, event)
        rungs = {**other["rungs"], **longest["rungs"]}
        self._runs[key] = {**longest, "rungs": rungs}


def _trained(run: str, config: Mapping[str, Any]) -> tuple[str, Any]:
    """What two records of the same training share: the name does not tell a hypermodel's code."""
    return run, config.get(CODE)
