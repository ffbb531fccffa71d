"""Runs jobs on worker processes of this machine, and replaces a worker that dies."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from hpstudy.engine import protocol
from hpstudy.engine.job import Job, Result, failed
from hpstudy.errors import WorkerError

_LOG_TAIL = 2000  # bytes of a dead worker's standard error that its run's reason quotes


@dataclass(frozen=True)
class Rung:
    """A run waits at a rung; answer it with `LocalExecutor.answer`."""

    run: str
    epoch: int
    score: float


@dataclass(frozen=True)
class Done:
    """A run ended; `curves` and `arrays` are .npz archives, empty where there are none."""

    run: str
    record: dict[str, Any]
    curves: bytes
    arrays: bytes


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    log: Path
    core: int | None
    ready: bool = False
    job: Job | None = None
    last_kind: str = ""


@dataclass(frozen=True)
class _Pending:
    job: Job
    kind: str


class LocalExecutor:
    """A pool of workers, one for each core it may use; a context manager that leaves none behind.

    `start` is the workers' first frame (data and cache folders, backend, dtype); `test` the folder
    of the test split, whose name only confirm jobs are told; `scratch` where workers' logs go.
    """

    def __init__(self, workers: int, start: Mapping[str, Any], test: Path, scratch: Path) -> None:
        self._start, self._test = dict(start), test
        self._count = max(1, workers)
        self._cores = _cores()
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
        while len(self._workers) < min(self._count, len(self._pending) + self._busy()):
            self._spawn(self._free_core())
        self._dispatch()

    def wait(self, timeout: float | None = None) -> list[Rung | Done]:
        """What has happened, waiting for something up to `timeout` seconds."""
        events: list[Rung | Done] = []
        for key, _ in self._selector.select(timeout):
            worker: _Worker = key.data
            assert worker.process.stdout is not None
            frame = protocol.read(worker.process.stdout)
            if frame is None:
                events += self._replace(worker)
            else:
                events += self._received(worker, *frame)
        self._dispatch()
        return events

    def answer(self, run: str, go: bool) -> None:
        """Tell the worker that waits at a rung whether to go on."""
        for worker in self._workers:
            if worker.job is not None and worker.job.run == run:
                _send(worker, {"go": go})

    def _received(self, worker: _Worker, head: dict[str, Any], payload: bytes) -> list[Rung | Done]:
        if head["type"] == "ready":
            worker.ready = True
            return []
        assert worker.job is not None
        run = worker.job.run
        if head["type"] == "rung":
            return [Rung(run, head["epoch"], head["score"])]
        worker.job = None
        split = head["curves"]
        return [Done(run, head["record"], payload[:split], payload[split:])]

    def _replace(self, worker: _Worker) -> list[Rung | Done]:
        """Bury a dead worker; its run fails with what the worker said last."""
        status = worker.process.wait()
        said = worker.log.read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
        self._selector.unregister(worker.process.stdout)  # type: ignore[arg-type]
        _close(worker)
        self._workers.remove(worker)
        if not worker.ready:
            raise WorkerError(f"a worker ended with {_words(status)} before its first run:\n{said}")
        if self._pending:
            self._spawn(worker.core)
        if worker.job is None:
            return []
        reason = f"the worker ended with {_words(status)}\n{said}".strip()
        result: Result = failed(worker.job, reason)
        return [Done(worker.job.run, result.record, b"", b"")]

    def _dispatch(self) -> None:
        for worker in self._workers:
            alive = worker.ready and worker.process.poll() is None
            if alive and worker.job is None and self._pending:
                chosen = self._choose(worker)
                self._pending.remove(chosen)
                worker.job, worker.last_kind = chosen.job, chosen.kind
                head: dict[str, Any] = {"type": "job", "job": asdict(chosen.job)}
                if chosen.job.confirm:
                    head["test"] = str(self._test)
                _send(worker, head)

    def _choose(self, worker: _Worker) -> _Pending:
        """The first job of the worker's last kind; else of a kind that nobody trains; else any."""
        others = {other.last_kind for other in self._workers if other is not worker}
        own = [p for p in self._pending if p.kind == worker.last_kind]
        fresh = [p for p in self._pending if p.kind not in others]
        return (own or fresh or self._pending)[0]

    def _busy(self) -> int:
        return sum(worker.job is not None for worker in self._workers)

    def _free_core(self) -> int | None:
        if not self._cores:
            return None
        taken = [worker.core for worker in self._workers]
        return min(self._cores, key=taken.count)

    def _spawn(self, core: int | None) -> None:
        self._started += 1
        log = self._logs / f"worker-{self._started}.log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "hpstudy.engine.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                # compiler threads would each leave a heap of their own behind
                env={"MALLOC_ARENA_MAX": "1", **os.environ},
            )
        worker = _Worker(process, log, core)
        assert process.stdout is not None
        self._workers.append(worker)
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        _send(worker, {"type": "start", "core": core, **self._start})


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(_cores()) or os.cpu_count() or 1


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


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
