"""Worker processes: started at once or ahead of their work, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from hpstudy.engine import protocol
from hpstudy.engine.devices import ALLOCATOR, Fleet, cores

_LOG_TAIL = 2000  # bytes of a dead worker's standard error that its run's reason quotes


@dataclass(frozen=True)
class Started:
    """A worker's process on its core or GPU; it imports, and then waits for its data."""

    process: subprocess.Popen[bytes]
    core: int | None
    gpu: str | None
    log: IO[bytes]

    @classmethod
    def at(
        cls, fleet: Fleet, core: int | None, gpu: str | None, dtype: str, sources: str | None = None
    ) -> Started:
        """A new process; `sources` is the folder of somebody's hypermodel, if there is one."""
        log = tempfile.TemporaryFile()  # noqa: SIM115
        process = subprocess.Popen(
            [sys.executable, "-m", "hpstudy.engine.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            env={**ALLOCATOR, **os.environ, **fleet.environment(gpu)},
        )
        one = cls(process, core, gpu, log)
        about = {"backend": fleet.backend, "matmul": fleet.matmul, "dtype": dtype}
        one.send({"type": "prepare", "core": core, "gpu": gpu, "sources": sources, **about})
        return one

    def send(self, head: Mapping[str, Any]) -> None:
        """Write a frame to the process."""
        assert self.process.stdin is not None
        # a dead worker tells of its death by the end of its output
        with contextlib.suppress(BrokenPipeError):
            protocol.write(self.process.stdin, head)

    def said(self) -> str:
        """The end of its standard error."""
        self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, self.log.tell() - _LOG_TAIL))
        return self.log.read().decode(errors="replace").strip()

    def end(self) -> str:
        """Kill the process where it lives, and let go of its pipes; how it ended, in words."""
        if self.process.poll() is None:
            self.process.kill()
        status = self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        if status < 0:
            return f"signal {signal.Signals(-status).name}"
        return f"exit status {status}"


@contextmanager
def ahead(fleet: Fleet, count: int, dtype: str) -> Iterator[list[Started]]:
    """As many processes as `fleet` has workers, and no more than `count`.

    Whoever takes one from the list ends it; those that are left end with the context.
    """
    places = cores()
    found: list[Started] = []
    try:
        for number in range(min(fleet.workers, count)):
            gpu = _nth(fleet.gpus, number)
            core = None if fleet.gpus else _nth(places, number)
            found.append(Started.at(fleet, core, gpu, dtype))
        yield found
    finally:
        for one in found:
            one.end()


def _nth(places: Sequence[Any], number: int) -> Any:
    """The place of worker `number`, which goes round; None where there is none."""
    return places[number % len(places)] if places else None
