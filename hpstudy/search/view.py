"""A study's search trials as an Optuna storage in memory, made from the store's events.

One Optuna study for each cell and generation. Trial n of a cell is trial n of its Optuna study: one
that finishes early is held back until those before it have finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.storages.journal import BaseJournalBackend, JournalStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from hpstudy.search.distributions import distribution, ranges, snap
from hpstudy.search.quiet import quiet
from hpstudy.search.stored import read
from hpstudy.search.values import directions
from hpstudy.spec.foreign import HP
from hpstudy.spec.objectives import SCORE, costs
from hpstudy.spec.space import Choice, FloatRange, IntRange, Range
from hpstudy.store import Store

_STATES = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}
_KEPT = ("run", "status", "reason", "same_as", "epochs", "trained_epochs")


class View:
    """A study's search trials as an Optuna storage in memory, filled from the store's events."""

    def __init__(self, title: str, maximise: bool) -> None:
        self.journal = _Journal()
        self.storage = JournalStorage(self.journal)
        self._title = title
        self._maximise = maximise
        self._spaces: dict[str, dict[str, Range]] = {}
        self._costs: dict[str, tuple[str, ...]] = {}
        self._current: dict[str, int] = {}
        self._studies: dict[tuple[str, int], _Cell] = {}

    @classmethod
    def of(cls, store: Store, maximise: bool | None = None) -> View:
        """The view of a whole store; `maximise` defaults to what the last study event says."""
        events = list(store.events())
        studies = [event for event in events if event["event"] == "study"]
        if maximise is None:
            maximise = bool(studies[-1]["score"]["maximise"]) if studies else True
        view = cls(store.folder.resolve().name, maximise)
        for event in events:
            if event["event"] in ("generation", "run"):
                known = view._current.get(event["cell"], 0)
                view._current[event["cell"]] = max(known, event["generation"])
        if studies:
            present = {cell["name"] for cell in studies[-1]["cells"]}
            for gone in view._current.keys() - present:
                view._current[gone] = 0
        for event in events:
            view.take(event)
        return view

    def take(self, event: Mapping[str, Any]) -> None:
        """Add what an event says; an event of a trial that is already there changes nothing."""
        if event["event"] == "study":
            for cell in event["cells"]:
                settings = {key: read(value) for key, value in cell["settings"].items()}
                self._spaces[cell["name"]] = {n: asked for _, n, asked in ranges(settings)}
                listed = (cell.get("search") or {}).get("objectives") or ()
                self._costs[cell["name"]] = tuple(listed[1:])
        elif event["event"] == "run" and event["phase"] == "search":
            self._discover(event)
            trial = self._trial(event)
            self._study(event["cell"], event["generation"]).add(event["trial"], trial)

    def _discover(self, event: Mapping[str, Any]) -> None:
        """Keep the ranges that a trial found by running its hypermodel."""
        space = self._spaces.setdefault(event["cell"], {})
        for asked in event.get("discovery", {}).get("space", ()):
            found = read(asked["range"])
            if isinstance(found, IntRange | FloatRange | Choice):
                space.setdefault(f"{HP}{asked['name']}", found)

    def lines(self, start: int) -> bytes:
        """The journal from entry `start` on, as a journal file holds it."""
        # whose entry it is matters to a process that writes on; here the same store, same bytes
        kept = ({**log, "worker_id": "hpstudy"} for log in self.journal.logs[start:])
        return b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in kept)

    def _study(self, cell: str, generation: int) -> _Cell:
        if (cell, generation) not in self._studies:
            self._current.setdefault(cell, generation)
            name = f"{self._title}: {cell}"
            if generation != self._current[cell]:
                name += f" (superseded, generation {generation})"
            named = self._costs.get(cell, ())
            with quiet():
                study = optuna.create_study(
                    storage=self.storage,
                    study_name=name,
                    directions=directions(self._maximise, named),
                )
                if named:
                    study.set_metric_names([SCORE, *named])
            self._studies[cell, generation] = _Cell(study)
        return self._studies[cell, generation]

    def _trial(self, event: Mapping[str, Any]) -> FrozenTrial:
        state = _STATES[event["status"]]
        rungs: dict[int, float] = {}
        if event["status"] in ("finished", "pruned"):
            rungs = {int(epoch): value for epoch, value in event.get("rungs", {}).items()}
        named = self._costs.get(event["cell"], ())
        if named:
            # Optuna has no values on the way for several objectives
            rungs = {}
        values = [rungs[max(rungs)]] if rungs else None
        if state == TrialState.COMPLETE:
            values = [event["score"], *costs(named, event).values()]
        space = self._spaces.get(event["cell"], {})
        params = {name: _shown(value) for name, value in event["params"].items()}
        seconds = event.get("seconds", {}).get("total", 0.0)
        kept = {key: event[key] for key in _KEPT if event.get(key) is not None}
        trial = create_trial(
            state=state,
            values=values,
            params=params,
            distributions={name: _drawn(space.get(name), value) for name, value in params.items()},
            intermediate_values=rungs,
            user_attrs={
                **kept,
                **event.get("counts", {}),
                **event.get("metrics", {}),
                "seconds": seconds,
            },
        )
        ended = datetime.fromisoformat(event["time"]) if "time" in event else datetime.now()
        trial.datetime_complete = ended.astimezone().replace(tzinfo=None)
        trial.datetime_start = trial.datetime_complete - timedelta(seconds=seconds)
        return trial


class _Cell:
    """One Optuna study that takes its trials in order of their number."""

    def __init__(self, study: optuna.Study) -> None:
        self._study = study
        self._next = 0
        self._held: dict[int, FrozenTrial] = {}

    def add(self, number: int, trial: FrozenTrial) -> None:
        if number >= self._next:
            self._held.setdefault(number, trial)
        while self._next in self._held:
            self._study.add_trial(self._held.pop(self._next))
            self._next += 1


class _Journal(BaseJournalBackend):
    def __init__(self) -> None:
        self.logs: list[dict[str, Any]] = []

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        return iter(self.logs[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        self.logs.extend(logs)


def _shown(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | tuple) else value


def _drawn(asked: Range | None, value: Any) -> BaseDistribution:
    """The distribution of a range, or one that holds `value` alone where the range has changed."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(asked, Choice):
        shown = tuple(_shown(option) for option in asked.options)
        if value in shown:
            return CategoricalDistribution(shown)
    elif asked is not None and number and snap(asked, value) == value:
        return distribution(asked)
    if not number:
        return CategoricalDistribution((value,))
    if isinstance(value, int):
        return IntDistribution(value, value)
    return FloatDistribution(value, value)
