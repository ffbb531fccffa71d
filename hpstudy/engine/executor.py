"""Runs jobs on worker processes of this machine, and replaces a worker that dies."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from hpstudy.engine import protocol
from hpstudy.engine.devices import ALLOCATOR, Fleet, cores
from hpstudy.engine.job import Job, Probe, failed
from hpstudy.errors import WorkerError
from hpstudy.tracebacks import told

T = TypeVar("T")
_LOG_TAIL = 2000  # bytes of a dead worker's standard error that its run's reason quotes


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
    process: subprocess.Popen[bytes]
    log: Path
    core: int | None
    gpu: str | None
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

    `start` is the workers' first frame (data and cache folders, backend, dtype); `test` the folder
    of the test split, whose name only confirm jobs are told; `scratch` where workers' logs go.
    """

    def __init__(self, fleet: Fleet, start: Mapping[str, Any], test: Path, scratch: Path) -> None:
        self._fleet, self._test = fleet, test
        self._start = {
            **start,
            "lanes": fleet.lanes,
            "fitted": fleet.fitted,
            "matmul": fleet.matmul,
        }
        # beside the runs in lanes some wait, so that a lane that gets free is filled at once
        self._held = 1 if fleet.lanes == 1 else 2 * fleet.lanes
        self._cores = [] if fleet.gpus else cores()
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._pending: list[_Pending] = []
        self._logs = scratch
        self._started = 0

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            worker.process.kill()
            _close(worker)
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
            self._spawn(_rarest(self._cores, [worker.core for worker in self._workers]))
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
                _send(worker, {"type": "answer", "run": run, "answer": answer})

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
        status = worker.process.wait()
        said = worker.log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
        self._selector.unregister(worker.frames)
        _close(worker)
        self._workers.remove(worker)
        if not worker.ready:
            raise WorkerError(f"a worker ended with {_words(status)} before its first run:\n{said}")
        if self._pending:
            self._spawn(worker.core)
        reason = f"the worker ended with {_words(status)}\n{said}".strip()
        return [_lost(job, reason) for job in worker.jobs.values()]

    def _dispatch(self) -> None:
        """Give jobs to the workers that hold fewest, as many as they may hold."""
        alive = [one for one in self._workers if one.ready and one.process.poll() is None]
        while self._pending and alive:
            worker = min(alive, key=lambda one: len(one.jobs))
            if len(worker.jobs) >= self._held:
                return
            chosen = self._choose(worker)
            self._pending.remove(chosen)
            worker.jobs[chosen.job.run] = chosen.job
            worker.last_kind = chosen.kind or worker.last_kind
            _send(worker, self._frame(chosen.job))

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

    def _spawn(self, core: int | None) -> None:
        self._started += 1
        gpu = _rarest(self._fleet.gpus, [worker.gpu for worker in self._workers])
        log = self._logs / f"worker-{self._started}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "hpstudy.engine.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                env={**ALLOCATOR, **os.environ, **self._fleet.environment(gpu)},
            )
        assert process.stdout is not None
        # a buffer could hold a whole frame that the selector does not see
        frames = FileIO(process.stdout.fileno(), closefd=False)
        worker = _Worker(process, log, core, gpu, frames)
        self._workers.append(worker)
        self._selector.register(frames, selectors.EVENT_READ, worker)
        _send(worker, {"type": "start", "core": core, "gpu": gpu, **self._start})


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


def _send(worker: _Worker, head: Mapping[str, Any]) -> None:
    assert worker.process.stdin is not None
    # a dead worker tells of its death by the end of its output
    with contextlib.suppress(BrokenPipeError):
        protocol.write(worker.process.stdin, head)


def _close(worker: _Worker) -> None:
    worker.process.wait()
    for stream in (worker.process.stdin, worker.process.stdout):
        if stream is not None:
            with contextlib.suppress(BrokenPipeError):
                stream.close()


def _words(status: int) -> str:
    if status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"
