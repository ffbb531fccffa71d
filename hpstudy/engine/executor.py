"""Runs jobs on worker processes of this machine, and replaces a worker that dies."""

from __future__ import annotations

import selectors
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from hpstudy.engine import protocol
from hpstudy.engine.devices import Fleet, cores, default_workers
from hpstudy.engine.job import Job, Probe, failed
from hpstudy.engine.started import Started
from hpstudy.errors import WorkerError
from hpstudy.tracebacks import told

T = TypeVar("T")


@dataclass(frozen=True)
class Rung:
    """A run waits at a rung; answer it with `LocalExecutor.answer`."""

    run: str
    epoch: int
    score: float


@dataclass(frozen=True)
class Done:
    """A run ended; `curves`, `arrays` and `state` are .npz archives, empty where there are none."""

    run: str
    record: dict[str, Any]
    curves: bytes
    arrays: bytes
    state: bytes = b""


@dataclass(frozen=True)
class Asked:
    """A probe has met a parameter, as `Registered.as_json` says it; answer it with its value."""

    run: str
    asked: dict[str, Any]


@dataclass(frozen=True)
class Probed:
    """A probe ended; `found` is what `hpstudy.engine.discovering.discover` says."""

    run: str
    found: dict[str, Any]


Happened = Rung | Done | Asked | Probed


@dataclass
class _Worker:
    started: Started
    frames: FileIO
    ready: bool = False
    jobs: dict[str, Job | Probe] = field(default_factory=dict)
    last_kind: str = ""


@dataclass(frozen=True)
class _Pending:
    job: Job | Probe
    kind: str


class LocalExecutor:
    """A pool of workers, one for each core or GPU; a context manager that leaves none behind.

    `start` is what workers are told first (data and cache folders, dtype, sources); `test` the
    folder of the test split, whose name only confirm jobs are told; `ahead` processes that were
    started before, for the same fleet and dtype, and are taken from the list.
    """

    def __init__(
        self, fleet: Fleet, start: Mapping[str, Any], test: Path, ahead: list[Started] | None = None
    ) -> None:
        self._fleet, self._test, self._start = fleet, test, start
        self._ahead = [] if ahead is None else ahead
        # beside the runs in lanes some wait, so that a lane that gets free is filled at once
        self._held = 1 if fleet.lanes == 1 else 2 * fleet.lanes
        self._cores = [] if fleet.gpus else cores()
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._pending: list[_Pending] = []

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.started.end()
        self._workers.clear()
        self._selector.close()

    def submit(self, job: Job, kind: str) -> None:
        """Queue a job; jobs of one `kind` are likely to share a program and keep to one worker."""
        self._pending.append(_Pending(job, kind))
        self._staff()

    def probe(self, probe: Probe) -> None:
        """Queue a probe, ahead of all jobs: a trial waits for it."""
        self._pending.insert(0, _Pending(probe, ""))
        self._staff()

    def _staff(self) -> None:
        while len(self._workers) < min(self._fleet.workers, len(self._pending) + self._busy()):
            if self._ahead:
                self._place(self._ahead.pop(0))
            else:
                taken = [worker.started.core for worker in self._workers]
                self._place(self._new(_rarest(self._cores, taken)))
        self._dispatch()

    def wait(self, timeout: float | None = None) -> Sequence[Happened]:
        """What has happened, waiting for something up to `timeout` seconds."""
        events: list[Happened] = []
        for key, _ in self._selector.select(timeout):
            worker: _Worker = key.data
            frame = protocol.read(worker.frames)
            if frame is None:
                events += self._replace(worker)
            else:
                events += self._received(worker, *frame)
        self._dispatch()
        return events

    def answer(self, run: str, answer: Any) -> None:
        """Tell the worker that waits: at a rung whether to go on, in a probe a value."""
        for worker in self._workers:
            if run in worker.jobs:
                worker.started.send({"type": "answer", "run": run, "answer": answer})

    @property
    def spare(self) -> bool:
        """Whether fewer workers are at work than there are cores."""
        return sum(not one.ready or bool(one.jobs) for one in self._workers) < default_workers()

    def _received(self, worker: _Worker, head: dict[str, Any], payload: bytes) -> list[Happened]:
        if head["type"] == "ready":
            worker.ready = True
            return []
        run = head["run"]
        if head["type"] == "rung":
            return [Rung(run, head["epoch"], head["score"])]
        if head["type"] == "asked":
            return [Asked(run, head["asked"])]
        del worker.jobs[run]
        if head["type"] == "probed":
            return [Probed(run, head["found"])]
        first, second = head["curves"], head["curves"] + head["arrays"]
        parts = payload[:first], payload[first:second], payload[second:]
        return [Done(run, head["record"], *parts)]

    def _replace(self, worker: _Worker) -> list[Happened]:
        """Bury a dead worker; its runs fail with what the worker said last."""
        worker.started.process.wait()
        said = worker.started.said()
        self._selector.unregister(worker.frames)
        how = worker.started.end()
        self._workers.remove(worker)
        if not worker.ready:
            raise WorkerError(f"a worker ended with {how} before its first run:\n{said}")
        if self._pending:
            self._place(self._new(worker.started.core))
        reason = f"the worker ended with {how}\n{said}".strip()
        return [_lost(job, reason) for job in worker.jobs.values()]

    def _dispatch(self) -> None:
        """Give jobs to the workers that hold fewest, as many as they may hold."""
        alive = [one for one in self._workers if one.ready and one.started.process.poll() is None]
        while self._pending and alive:
            worker = min(alive, key=lambda one: len(one.jobs))
            if len(worker.jobs) >= self._held:
                return
            chosen = self._choose(worker)
            self._pending.remove(chosen)
            worker.jobs[chosen.job.run] = chosen.job
            worker.last_kind = chosen.kind or worker.last_kind
            worker.started.send(self._frame(chosen.job))

    def _frame(self, job: Job | Probe) -> dict[str, Any]:
        """The frame that gives a job or a probe to a worker."""
        if isinstance(job, Probe):
            return {"type": "probe", "probe": asdict(job)}
        head: dict[str, Any] = {"type": "job", "job": asdict(job)}
        return {**head, "test": str(self._test)} if job.confirm else head

    def _choose(self, worker: _Worker) -> _Pending:
        """The first job of the worker's last kind; else of a kind that nobody trains; else any."""
        probes = [pending for pending in self._pending if isinstance(pending.job, Probe)]
        if probes:
            return probes[0]
        others = {other.last_kind for other in self._workers if other is not worker}
        own = [p for p in self._pending if p.kind == worker.last_kind]
        fresh = [p for p in self._pending if p.kind not in others]
        return (own or fresh or self._pending)[0]

    def _busy(self) -> int:
        return sum(bool(worker.jobs) for worker in self._workers)

    def _new(self, core: int | None) -> Started:
        """A process on a core, or on the GPU that fewest have."""
        gpu = _rarest(self._fleet.gpus, [worker.started.gpu for worker in self._workers])
        sources = self._start.get("sources")
        return Started.at(self._fleet, core, gpu, self._start["dtype"], sources)

    def _place(self, started: Started) -> None:
        """Tell a process what it works on, and listen to it."""
        assert started.process.stdout is not None
        # a buffer could hold a whole frame that the selector does not see
        frames = FileIO(started.process.stdout.fileno(), closefd=False)
        worker = _Worker(started, frames)
        self._workers.append(worker)
        self._selector.register(frames, selectors.EVENT_READ, worker)
        lanes = {"lanes": self._fleet.lanes, "fitted": self._fleet.fitted}
        started.send({"type": "start", **self._start, **lanes})


def _lost(job: Job | Probe, reason: str) -> Happened:
    if isinstance(job, Probe):
        lost = {
            "training": {},
            "counts": {},
            "collisions": [],
            "reason": told(reason),
            "lost": True,
        }
        return Probed(job.run, lost)
    return Done(job.run, failed(job, reason).record, b"", b"")


def _rarest(places: Sequence[T], taken: Sequence[T | None]) -> T | None:
    """The place that is taken least often; None where there is none."""
    return min(places, key=taken.count, default=None)
