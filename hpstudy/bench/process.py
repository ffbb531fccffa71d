"""A benchmark's part in a fresh process, timed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

_TAIL = 2000  # bytes of what a failed process said last


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its start by the clock, how long it took, and its last words.

    `processor` is the time that it and what it waited for spent on cores: other processes lengthen
    it less than `seconds`. None where the system does not tell.
    """

    started: float
    seconds: float
    failure: str | None
    processor: float | None = None


def timed(module: str, arguments: Sequence[str], backend: str = "jax", gpu: bool = False) -> Ended:
    """Run `python -m module` to its end, alone; interrupting this ends it too."""
    # what a killed process leaves behind goes with its temporary folder
    scratch = tempfile.TemporaryDirectory(prefix="hpstudy-bench-", ignore_cleanup_errors=True)
    with scratch as folder, tempfile.TemporaryFile() as said:
        before = _processor()
        started, began = time.time(), time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**environment(backend, gpu), "TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            status = process.wait()
        finally:
            process.kill()
            process.wait()
        seconds = time.perf_counter() - began
        spent = None if before is None else (_processor() or 0.0) - before
        if not status:
            return Ended(started, seconds, None, spent)
        said.seek(0)
        last = said.read()[-_TAIL:].decode(errors="replace").strip()
        return Ended(started, seconds, f"exit status {status}\n{last}", spent)


def _processor() -> float | None:
    """Seconds on cores of all processes that this one has waited for."""
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def environment(backend: str, gpu: bool = False) -> dict[str, str]:
    """This process's environment on one Keras backend, without a compilation cache.

    GPUs are hidden but for those who measure them.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JAX_COMPILATION_CACHE")}
    hidden = {} if gpu else {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
    return {**kept, **hidden, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "2"}
