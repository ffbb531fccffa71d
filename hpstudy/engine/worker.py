"""A worker process: `python -m hpstudy.engine.worker`, jobs over its pipes.

It reads {"type": "prepare", ...} once, which says what to import and where it runs, then
{"type": "start", ...} once, which says where its data are, then {"type": "job", ...} frames, and
writes `rung` frames, each answered by {"type": "answer", "run": ..., "answer": bool}, and one
`done` frame a job, in any order. A {"type": "probe", ...} frame makes it build somebody else's
hypermodel: it writes an `asked` frame for each parameter, answered in the same way by a value, and
one `probed` frame. It ends when its input does.
"""

from __future__ import annotations

import os
import sys

from hpstudy.engine import protocol
from hpstudy.engine.numerics import DETERMINISTIC, numerics, settle_tensorflow

# without regions XLA copies each kernel that a step both multiplies by and updates; without loops
# unrolled, tiles and LLVM's dearest passes it compiles in two thirds of the time, and runs as fast
COMPILER = (
    "--xla_cpu_copy_insertion_use_region_analysis=true",
    "--xla_backend_extra_options=xla_cpu_disable_loop_unrolling,xla_cpu_disable_tiled_emitter",
    "--xla_llvm_disable_expensive_passes=true",
)
PRECISIONS = {"float32": "float32", "tf32": "tensorfloat32"}


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
    about = frame[0]
    if about["sources"]:
        sys.path.insert(0, about["sources"])
    prepare_process(about["core"], about["backend"], about["gpu"] is not None, about["matmul"])
    if about["backend"] == "tensorflow":
        settle_tensorflow(about)
    from hpstudy.lean import import_keras

    import_keras(tuner=bool(about["sources"]))
    from hpstudy.engine.serving import Serving

    known = numerics(about)
    frame = protocol.read(incoming)
    if frame is None:
        return
    Serving({**about, **frame[0]}, known, outgoing).serve(protocol.Inbox(incoming))


def prepare_process(
    core: int | None, backend: str, gpu: bool = False, matmul: str = "float32"
) -> None:
    """Set threads, precision and the Keras backend, before anything heavy loads.

    On a core: pinned to it, one thread. On a GPU: memory taken as it is needed, operations in one
    order, and products of 32-bit numbers in the precision `matmul`.
    """
    flags: tuple[str, ...] = ()
    if core is not None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ[name] = "1"
        # XLA reads no flag behind the last of these, which is none of its own
        flags = (*COMPILER, "--xla_cpu_multi_thread_eigen=false", "intra_op_parallelism_threads=1")
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
    if backend == "tensorflow":
        # what the engine shares with JAX's path must not take the GPU
        os.environ["JAX_PLATFORMS"] = "cpu"
        os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    elif gpu:
        flags = (DETERMINISTIC,)
        # a GPU that JAX cannot use is an error, not a reason to train on the CPU
        os.environ.setdefault("JAX_PLATFORMS", "cuda,cpu")
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = PRECISIONS[matmul]
    if flags:
        os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *flags]).strip()
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def _die_with_parent() -> None:
    """On Linux, end at once when the coordinator is killed; elsewhere the closed pipe tells."""
    if sys.platform == "linux":
        import ctypes
        import signal

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


if __name__ == "__main__":
    main()
