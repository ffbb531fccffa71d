"""What a study trains on: its backend, its workers with a core or a GPU each, and their lanes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpstudy.backends import NAMES, Machine, chosen
from hpstudy.errors import HpstudyError
from hpstudy.subsets.powers import power_of_two

# what glibc reads in a worker: compiler threads would each leave a heap of their own behind, and
# wide networks train 3% faster on large pages
ALLOCATOR = {"MALLOC_ARENA_MAX": "1", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}


@dataclass(frozen=True)
class Fleet:
    """The workers of a study: how many, each with a GPU or a core, and lanes in each.

    `gpus` are the names that CUDA_VISIBLE_DEVICES takes; empty on a CPU. With `fitted` a program
    may get fewer lanes than `lanes`, as many as its size leaves room for. `matmul` is the precision
    of products on a GPU, and `backend` that of Keras.
    """

    workers: int
    gpus: tuple[str, ...] = ()
    lanes: int = 1
    fitted: bool = False
    matmul: str = "float32"
    backend: str = "jax"

    @property
    def words(self) -> str:
        """'2 workers on JAX', '1 GPU on JAX, up to 64 lanes'."""
        noun = "GPU" if self.gpus else "worker"
        many = "" if self.workers == 1 else "s"
        parts = [f"{self.workers:,} {noun}{many} on {NAMES[self.backend]}"]
        if (self.gpus and self.backend == "jax") or self.lanes > 1:
            most = "up to " if self.fitted and self.lanes > 1 else ""
            parts.append(f"{most}{self.lanes} lane" + ("" if self.lanes == 1 else "s"))
        return ", ".join(parts)

    @property
    def compilation(self) -> float:
        """Floating-point operations that a worker does while it could compile a program.

        An MLP's program takes a core 1.0 to 1.3 s, at 80 to 110 GFLOP/s, and an H100, whose lanes
        train small networks at about 20 TFLOP/s, 2 s.
        """
        return 4e13 if self.gpus else 1e11

    def environment(self, gpu: str | None) -> dict[str, str]:
        """What a worker's environment says of its GPU; without one it must see none."""
        return {"CUDA_VISIBLE_DEVICES": gpu or ""}


def fleet(
    workers: int | None, engine: Mapping[str, Any], most: int, machine: Machine | None = None
) -> Fleet:
    """The fleet for the `engine:` settings of a study with at most `most` runs in a pack.

    `workers` is what the user asks for; one for each GPU, or else for each core, where it is None.
    Raises HpstudyError for devices or lanes that the backend does not have.
    """
    backend, found = chosen(engine, machine or Machine.here())
    asked = engine.get("lanes", "auto")
    lanes, fitted = (1 if asked == "auto" else int(asked)), False
    if backend != "jax" and lanes > 1:
        raise HpstudyError(
            f"engine.lanes is {lanes}, but {NAMES[backend]} trains by model.fit, one run at a "
            f"time; leave lanes out, or say backend: jax"
        )
    if not found:
        return Fleet(workers or default_workers(), (), lanes, backend=backend)
    if asked == "auto" and backend == "jax":
        lanes, fitted = power_of_two(most), True
    matmul = str(engine.get("matmul", "float32"))
    return Fleet(min(workers or len(found), len(found)), found, lanes, fitted, matmul, backend)


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(cores()) or os.cpu_count() or 1


def cores() -> list[int]:
    """The cores that this process may use, where the system tells."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
