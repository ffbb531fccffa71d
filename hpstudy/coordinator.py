"""Asks, records and tells: the loop of a study, with neither model nor tensors in it."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from hpstudy import jobs, probing, sources
from hpstudy.data import Split, shared
from hpstudy.engine.devices import Fleet, fleet
from hpstudy.engine.executor import Asked, Done, LocalExecutor, Probed, Rung
from hpstudy.engine.flight import in_flight
from hpstudy.engine.folders import default_folder, writable
from hpstudy.engine.job import Probe
from hpstudy.engine.started import Started
from hpstudy.events import run_event
from hpstudy.extremes import counted
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.ledger import Ledger
from hpstudy.phases import CellRun
from hpstudy.planned import Planned
from hpstudy.progress import Progress, Summary
from hpstudy.search.discovery import Discovery, Found
from hpstudy.search.mirror import Mirror
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.length import length
from hpstudy.spec.registered import Registered
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec
from hpstudy.states import States
from hpstudy.store import Event, Store
from hpstudy.trials import Trials


class Coordinator:
    """One study's loop: asks every cell what may start, records what ended, then tells."""

    def __init__(self, spec: Spec, split: Split, store: Store, progress: Progress) -> None:
        self.spec, self.store, self.progress = spec, store, progress
        self.split, self.fleet = split, Fleet(1)
        self.ledger = Ledger(store)
        copies = sources.read(spec)
        self.ledger.begin(spec, split)
        store.write_text("study.yaml", spec.text)
        sources.keep(store, spec, copies)
        self.cells = {
            cell.name: CellRun(
                Trials(
                    spec,
                    cell,
                    self.ledger.generations[cell.name],
                    self.split.fingerprint,
                    lambda config: length(config, len(self.split.x_train)).epochs,
                    lambda config: counted(config, self.split.shape),
                    self.ledger.whole(cell.name),
                )
            )
            for cell in spec.cells
        }
        self.flying: dict[str, Planned] = {}
        self.deferred: dict[str, list[Planned]] = {}
        self.open: dict[str, tuple[CellRun, Discovery]] = {}
        self.trained = 0
        self.states = States(store)
        self.mirror = Mirror(store.folder, spec.score.maximise)
        self.mirror.rebuild(store)

    def run(
        self,
        workers: int | None,
        cache: Path | None,
        ahead: list[Started] | None = None,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> Summary:
        """Train what is missing, by the workers `ahead` and others; `meanwhile` as in `study`."""
        self.fleet = fleet(workers, self.spec.engine, in_flight(self.spec, HYPERMODELS))
        self.progress.started(self.spec, self.cells, self.fleet)
        self._settle()
        if any(not cell.done for cell in self.cells.values()):
            with _scratch(self.store.folder / ".scratch") as scratch:
                folders = shared.write(self.split, scratch)
                start = {
                    "data": str(folders["train"]),
                    "cache": str(writable(cache or default_folder())),
                    "dtype": self.spec.engine.get("dtype", "float32"),
                }
                if any(is_foreign(cell.settings) for cell in self.spec.cells):
                    start["sources"] = str(Path(self.spec.path).absolute().parent)
                test = Path(folders["test"])
                with LocalExecutor(self.fleet, start, test, ahead) as executor:
                    self._work(executor, meanwhile)
        self._sweep()
        return self._summary()

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
        places = map(self.ledger.slots.get, cell.places(discovery))
        stored = next((event for event in places if event), None)
        if stored is not None:
            discovery.again(stored["discovery"]["space"])
            found = probing.found(stored["discovery"], earlier=True)
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
        known = self.ledger.known(planned, lambda e, s: cell.report(planned, e, s))
        if known is not None:
            self._take(cell, planned, known, trained=False)
            return True
        self.flying[planned.run] = planned
        if executor is not None:
            self._submit(executor, planned)
        return False

    def _submit(self, executor: LocalExecutor, planned: Planned) -> None:
        cell = self.cells[planned.slot.cell].cell
        job = jobs.job(planned, cell, self.spec.score, self.fleet, self.split, self.states)
        executor.submit(job, jobs.kind(job))

    def _work(
        self, executor: LocalExecutor, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        for planned in list(self.flying.values()):
            self._submit(executor, planned)
        for name in list(self.open):
            self._probe(executor, name)
        while any(not cell.done for cell in self.cells.values()):
            events = executor.wait(timeout=0.25)
            if not events:
                self.progress.waiting()
                if executor.spare:
                    meanwhile()
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
            self._sweep()

    def _sweep(self) -> None:
        """Let go of the states that no cell can need; to be called when all cells are settled."""
        self.states.sweep(state for cell in self.cells.values() for state in cell.states())

    def _ended(self, done: Done, executor: LocalExecutor) -> None:
        self.trained += 1
        planned = self.flying.pop(done.run)
        if done.curves and not self.ledger.longer(planned, done.record["epochs"]):
            # a repeat up to an earlier epoch has the first rows of what is there
            self.store.write_bytes(f"curves/{done.run}.npz", done.curves)
        if done.arrays:
            self.store.write_bytes(f"arrays/{done.run}.npz", done.arrays)
        if done.state:
            self.states.keep((done.run, done.record["epochs"]), done.state)
        self._take(self.cells[planned.slot.cell], planned, done.record, trained=True)
        for other in self.deferred.pop(done.run, []):
            self._start(self.cells[other.slot.cell], other, executor)

    def _take(self, cell: CellRun, planned: Planned, record: Event, *, trained: bool) -> None:
        """Record first, then tell."""
        event = self.ledger.slots.get(planned.slot)
        if planned.slot.phase == "confirm":
            # written before the first test score is: a crash between them hides no look
            assert cell.choice is not None
            self.ledger.note(cell.choice)
            self.ledger.look(cell.choice, self.spec.confirm_seeds)
        if event is None:
            event = self.ledger.take(run_event(cell.cell, planned, record, trained))
            self.mirror.told(planned.slot.cell, planned.slot.generation, event)
        cell.finish(planned, event)
        self.progress.ended(event, trained)
        if cell.choice is not None:
            self.ledger.note(cell.choice)

    def _summary(self) -> Summary:
        statuses: dict[str, int] = {}
        generations = self.ledger.generations
        for slot, event in self.ledger.slots.items():
            if slot.cell in self.cells and slot.generation == generations[slot.cell]:
                statuses[event["status"]] = statuses.get(event["status"], 0) + 1
        unpicked = tuple(name for name, cell in self.cells.items() if cell.phase != "confirmed")
        ended = {name: why for name in unpicked if (why := self.cells[name].exhausted)}
        return Summary(statuses, unpicked, self.trained, ended)


@contextlib.contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder for the workers' data; a killed study's leftovers go with it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
