"""A worker process: `python -m hpstudy.engine.worker`, one job at a time over its pipes.

It reads {"type": "start", ...} once, then {"type": "job", ...} frames, and writes `rung` frames,
each answered by {"go": bool}, and one `done` frame a job. It ends when its input does.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import IO, Any

from hpstudy.engine import protocol


def main() -> None:
    """Serve jobs until the coordinator closes the pipe or dies."""
    _die_with_parent()
    incoming = sys.stdin.buffer
    # the protocol owns the real standard output; a stray print must not break a frame
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    frame = protocol.read(incoming)
    if frame is None:
        return
    start = frame[0]
    prepare_process(start["core"], start["backend"])
    serve(start, incoming, outgoing)


def prepare_process(core: int | None, backend: str) -> None:
    """Pin to one core and one thread, and name the Keras backend, before anything heavy loads."""
    if core is not None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = "1"
        flags = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}".strip()
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def serve(start: dict[str, Any], incoming: IO[bytes], outgoing: IO[bytes]) -> None:
    """Answer job frames; a job that raises is a failed run, and the next one goes on."""
    from pathlib import Path

    from hpstudy.engine.lean import import_keras

    import_keras()
    from hpstudy.data.shared import read
    from hpstudy.engine.cache import Counters, ProgramCache
    from hpstudy.engine.job import Job, Result, failed
    from hpstudy.engine.programs import Programs
    from hpstudy.engine.setups import Setups
    from hpstudy.engine.training import Parts, train

    counters = Counters()
    counters.watch()
    programs = Programs(ProgramCache(Path(start["cache"])))
    split = read(Path(start["data"]), None)
    parts = Parts.of(split, start["dtype"])
    setups = Setups(split.shape, len(split.x_train), len(split.x_val), start["dtype"])
    recorded = numerics(start)
    protocol.write(outgoing, {"type": "ready"})
    while (frame := protocol.read(incoming)) is not None:
        head = frame[0]
        job = Job(**{**head["job"], "rungs": tuple(head["job"]["rungs"])})

        def report(epoch: int, score: float) -> bool:
            protocol.write(outgoing, {"type": "rung", "epoch": epoch, "score": score})
            answer = protocol.read(incoming)
            if answer is None:
                sys.exit(0)
            return bool(answer[0]["go"])

        before = (counters.compilations, programs.cache.loads)
        try:
            test = None
            if job.confirm:
                whole = read(Path(start["data"]), Path(head["test"]))
                test = (whole.x_test, whole.y_test)
            result = train(job, setups, programs, parts, test, report)
        except Exception:
            result = failed(job, traceback.format_exc())
        result = Result(
            {
                **result.record,
                "numerics": recorded | result.record.get("numerics", {}),
                "compilations": counters.compilations - before[0],
                "cache_loads": programs.cache.loads - before[1],
            },
            result.curves,
            result.arrays,
        )
        curves = protocol.pack(result.curves) if result.curves else b""
        arrays = protocol.pack(result.arrays) if result.arrays else b""
        head = {"type": "done", "record": result.record, "curves": len(curves)}
        protocol.write(outgoing, head, curves + arrays)


def numerics(start: dict[str, Any]) -> dict[str, Any]:
    """What bit-equal results depend on besides the study file."""
    import jax
    import keras

    device = jax.devices()[0]
    return {
        "backend": keras.backend.backend(),
        "device": device.device_kind,
        "jax": jax.__version__,
        "keras": keras.__version__,
        "threads": 1 if start["core"] is not None else os.cpu_count(),
        "dtype": start["dtype"],
        "lanes": 1,
    }


def _die_with_parent() -> None:
    """On Linux, end at once when the coordinator is killed; elsewhere the closed pipe tells."""
    if sys.platform == "linux":
        import ctypes
        import signal

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


if __name__ == "__main__":
    main()
