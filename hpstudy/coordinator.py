"""Asks, records and tells: the loop of a study, with neither model nor tensors in it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hpstudy import probing
from hpstudy.data import Split, shared
from hpstudy.engine.devices import Fleet, fleet
from hpstudy.engine.executor import Asked, Done, LocalExecutor, Probed, Rung
from hpstudy.engine.flight import in_flight
from hpstudy.engine.folders import default_folder, writable
from hpstudy.engine.job import Job, Probe
from hpstudy.engine.padding import padded
from hpstudy.errors import StudyChanged
from hpstudy.events import plain, run_event, study_event, timeless
from hpstudy.extremes import counted
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.phases import CellRun
from hpstudy.planned import Planned, Slot, not_replayed, replayed
from hpstudy.progress import Progress, Summary
from hpstudy.search.discovery import Discovery, Found
from hpstudy.search.mirror import Mirror
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.growth import grown
from hpstudy.spec.length import length
from hpstudy.spec.registered import Registered
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec
from hpstudy.store import Event, Store


class Coordinator:
    """One study's loop: asks every cell what may start, records what ended, then tells."""

    def __init__(self, spec: Spec, split: Split, store: Store, progress: Progress) -> None:
        self.spec, self.store, self.progress = spec, store, progress
        self.split = split
        self.fleet = Fleet(1)
        self.slots: dict[Slot, Event] = {}
        self.runs: dict[str, Event] = {}
        self.generations: dict[str, int] = {}
        self.last: dict[tuple[str, str], Event] = {}
        study: Event | None = None
        for event in store.events():
            if event["event"] == "study":
                study = event
            elif event["event"] == "generation":
                self.generations[event["cell"]] = event["generation"]
            elif event["event"] == "run":
                self._index(event)
            else:
                self.last[event["event"], event["cell"]] = event
        self._begin(study)
        self.cells = {
            cell.name: CellRun(
                spec,
                cell,
                self.generations[cell.name],
                self.split.fingerprint,
                lambda config: length(config, len(self.split.x_train)).epochs,
                lambda config: counted(config, self.split.shape),
            )
            for cell in spec.cells
        }
        self.flying: dict[str, Planned] = {}
        self.deferred: dict[str, list[Planned]] = {}
        self.open: dict[str, tuple[CellRun, Discovery]] = {}
        self.trained = 0
        self.mirror = Mirror(store.folder, spec.score.maximise)
        self.mirror.rebuild(store)

    def run(self, workers: int | None, cache: Path | None) -> Summary:
        engine = self.spec.engine
        trains = fleet(workers, engine, in_flight(self.spec, HYPERMODELS))
        self.fleet = trains
        self.progress.started(self.spec, self.cells, trains)
        self._settle()
        if any(not cell.done for cell in self.cells.values()):
            with _scratch(self.store.folder / ".scratch") as scratch:
                folders = shared.write(self.split, scratch)
                start = {
                    "data": str(folders["train"]),
                    "cache": str(writable(cache or default_folder())),
                    "backend": trains.backend,
                    "dtype": engine.get("dtype", "float32"),
                }
                if any(is_foreign(cell.settings) for cell in self.spec.cells):
                    start["sources"] = str(Path(self.spec.path).absolute().parent)
                with LocalExecutor(trains, start, Path(folders["test"]), scratch) as executor:
                    self._work(executor)
        return self._summary()

    def _begin(self, study: Event | None) -> None:
        """Hold the study against what the folder has, then write down what is new."""
        event = study_event(self.spec, self.split)
        growth = grown(study, event) if study is not None else None
        new: list[Event] = []
        for cell in self.spec.cells:
            before = self.generations.get(cell.name, 0)
            reason = growth.restarted.get(cell.name) if growth else None
            if growth and before and cell.name in growth.added:
                reason = "it had left the study"
            if not before or reason is not None:
                self.generations[cell.name] = before + 1
                new.append(
                    {
                        "event": "generation",
                        "cell": cell.name,
                        "generation": before + 1,
                        "reason": reason or "first",
                    }
                )
        if study is None or timeless(study) != timeless(event):
            new.append(event)
        self._append(*new)
        self.store.write_text("study.yaml", self.spec.text)

    def _settle(self, executor: LocalExecutor | None = None) -> None:
        """Start what may start; what the store has is taken from there, until nothing moves."""
        moved = True
        while moved:
            moved = False
            for cell in self.cells.values():
                moved |= self._open(cell, executor)
                for planned in cell.ready():
                    moved |= self._start(cell, planned, executor)

    def _open(self, cell: CellRun, executor: LocalExecutor | None) -> bool:
        """Open the cell's next trial whose space is to be discovered; a stored one is closed."""
        discovery = cell.open()
        if discovery is None:
            return False
        stored = next((e for e in map(self.slots.get, cell.places(discovery)) if e), None)
        if stored is not None:
            discovery.again(stored["discovery"]["space"])
            found = probing.found(stored["discovery"])
            self._close(cell, discovery, found, stored)
            return True
        name = f"{cell.cell.name} {discovery.number}"
        self.open[name] = cell, discovery
        if executor is not None:
            self._probe(executor, name)
        return False

    def _probe(self, executor: LocalExecutor, name: str) -> None:
        _, discovery = self.open[name]
        drawn = seeds(self.spec.seed, "search", 0)
        executor.probe(Probe(name, dict(discovery.config), drawn))

    def _probed(self, event: Probed) -> None:
        cell, discovery = self.open.pop(event.run)
        probing.check(cell.cell, event.found["collisions"])
        self._close(cell, discovery, probing.found(event.found))

    def _close(
        self, cell: CellRun, discovery: Discovery, found: Found, stored: Event | None = None
    ) -> None:
        """The open trial is known; where it is not to be trained, it ends here."""
        planned = cell.close(discovery, found)
        if planned is not None:
            assert planned.discovery is not None
            told = replace(found, reason=planned.discovery["reason"])
            record = stored or probing.untrained(planned.run, told)
            self._take(cell, planned, record, trained=stored is None)

    def _start(self, cell: CellRun, planned: Planned, executor: LocalExecutor | None) -> bool:
        if planned.run in self.flying:
            # another cell trains the same run: wait for its record, then look again
            self.deferred.setdefault(planned.run, []).append(planned)
            return False
        known = self._known(cell, planned)
        if known is not None:
            self._take(cell, planned, known, trained=False)
            return True
        self.flying[planned.run] = planned
        if executor is not None:
            self._submit(executor, planned)
        return False

    def _submit(self, executor: LocalExecutor, planned: Planned) -> None:
        score, config = self.spec.score, planned.proposal.config
        rounded = self._rounded(planned)
        job = Job(
            run=planned.run,
            config=config,
            seeds=planned.seeds,
            metric=score.metric,
            at=score.at,
            maximise=score.maximise,
            rungs=planned.rungs,
            confirm=planned.slot.phase == "confirm",
            padded=rounded,
        )
        executor.submit(job, _kind({**config, **rounded}))

    def _rounded(self, planned: Planned) -> Mapping[str, Any]:
        """The settings that a run's compiled program rounds up; `model.fit` rounds none."""
        config = planned.proposal.config
        if self.fleet.backend != "jax" or is_foreign(config):
            return {}
        return padded(
            config,
            self.cells[planned.slot.cell].cell.settings,
            HYPERMODELS[str(config["model.type"])],
            self.split.shape,
            length(config, len(self.split.x_train)),
            self.fleet.compilation,
        )

    def _known(self, cell: CellRun, planned: Planned) -> Event | None:
        """The stored record that this run would repeat, if there is one."""
        here = self.slots.get(planned.slot)
        if here is not None:
            if here["run"] != planned.run:
                raise StudyChanged(not_replayed(planned, here))
            return here
        if planned.twin is not None:
            return self.slots[planned.twin]
        if planned.refused is not None:
            return planned.refused
        stored = self.runs.get(planned.run)
        if stored is None or stored["status"] == "failed":
            # what failed in one place may be tried in another
            return None
        if planned.slot.phase != "search":
            return stored
        return replayed(planned, stored, lambda e, s: cell.report(planned, e, s))

    def _work(self, executor: LocalExecutor) -> None:
        for planned in list(self.flying.values()):
            self._submit(executor, planned)
        for name in list(self.open):
            self._probe(executor, name)
        while any(not cell.done for cell in self.cells.values()):
            events = executor.wait(timeout=0.25)
            if not events:
                self.progress.waiting()
            for event in events:
                if isinstance(event, Rung):
                    planned = self.flying[event.run]
                    cell = self.cells[planned.slot.cell]
                    executor.answer(event.run, cell.report(planned, event.epoch, event.score))
                elif isinstance(event, Asked):
                    discovery = self.open[event.run][1]
                    executor.answer(event.run, discovery.answer(Registered.of(event.asked)))
                elif isinstance(event, Probed):
                    self._probed(event)
                else:
                    self._ended(event, executor)
            self._settle(executor)

    def _ended(self, done: Done, executor: LocalExecutor) -> None:
        self.trained += 1
        for name, content in (("curves", done.curves), ("arrays", done.arrays)):
            if content:
                self.store.write_bytes(f"{name}/{done.run}.npz", content)
        planned = self.flying.pop(done.run)
        self._take(self.cells[planned.slot.cell], planned, done.record, trained=True)
        for other in self.deferred.pop(done.run, []):
            self._start(self.cells[other.slot.cell], other, executor)

    def _take(self, cell: CellRun, planned: Planned, record: Event, *, trained: bool) -> None:
        """Record first, then tell."""
        event = self.slots.get(planned.slot)
        if planned.slot.phase == "confirm":
            # written before the first test score is: a crash between them hides no look
            self._note_choice(cell)
            self._note_look(cell)
        if event is None:
            (event,) = self._append(run_event(cell.cell, planned, record))
            self._index(event)
            self.mirror.told(planned.slot.cell, planned.slot.generation, event)
        cell.finish(planned, event)
        self.progress.ended(event, trained)
        self._note_choice(cell)

    def _note_choice(self, cell: CellRun) -> None:
        if cell.choice is not None:
            self._append_if_new(cell.choice)

    def _note_look(self, cell: CellRun) -> None:
        assert cell.choice is not None
        before = self.last.get(("look", cell.cell.name))
        event: Event = {
            "event": "look",
            "cell": cell.cell.name,
            "generation": cell.generation,
            "trials": cell.choice["trials"],
            "trial": cell.choice["trial"],
            "seeds": self.spec.confirm_seeds,
            "look": before["look"] if before else 1,
        }
        if before is not None and timeless(before) != event:
            event["look"] += 1
        self._append_if_new(event)

    def _append_if_new(self, event: Event) -> None:
        key = event["event"], event["cell"]
        if key not in self.last or timeless(self.last[key]) != plain(event):
            self.last[key] = event
            self._append(event)

    def _append(self, *events: Event) -> list[Event]:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        stamped = [{**event, "time": time} for event in events]
        self.store.append(*stamped)
        return stamped

    def _index(self, event: Event) -> None:
        self.slots[Slot.of(event)] = event
        kept = self.runs.get(event["run"])
        if kept is None or event["epochs"] > kept["epochs"]:
            self.runs[event["run"]] = event

    def _summary(self) -> Summary:
        statuses: dict[str, int] = {}
        for slot, event in self.slots.items():
            if slot.cell in self.cells and slot.generation == self.generations[slot.cell]:
                statuses[event["status"]] = statuses.get(event["status"], 0) + 1
        unpicked = tuple(name for name, cell in self.cells.items() if cell.phase != "confirmed")
        return Summary(statuses, unpicked, self.trained)


def _kind(config: Mapping[str, Any]) -> str:
    """Runs of one kind are likely to share a program."""
    if is_foreign(config):
        keys = sorted(key for key in config if key.startswith("model."))
    else:
        model = HYPERMODELS[config["model.type"]].parameters
        keys = [f"model.{one.name}" for one in model if one.role == "structure"]
    keys += ["training.batch_size", "training.optimizer", "subset.train"]
    return " ".join(str(config.get(key)) for key in keys)


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder for the workers' data and logs; a killed study's leftovers go with it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
