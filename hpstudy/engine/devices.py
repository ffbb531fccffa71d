"""What a study trains on: accelerators found without importing JAX, workers, lanes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hpstudy.subsets.powers import power_of_two

_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")
_CUDA = ("cuda", "gpu")


@dataclass(frozen=True)
class Fleet:
    """The workers of a study: how many, each with a GPU or a core, and lanes in each.

    `gpus` are the names that CUDA_VISIBLE_DEVICES takes; empty on a CPU. With `fitted` a program
    may get fewer lanes than `lanes`, as many as its size leaves room for. `matmul` is the precision
    of products on a GPU.
    """

    workers: int
    gpus: tuple[str, ...] = ()
    lanes: int = 1
    fitted: bool = False
    matmul: str = "float32"

    @property
    def words(self) -> str:
        """'2 workers', '1 GPU, up to 64 lanes'."""
        noun = "GPU" if self.gpus else "worker"
        parts = [f"{self.workers:,} {noun}" + ("" if self.workers == 1 else "s")]
        if self.gpus or self.lanes > 1:
            most = "up to " if self.fitted and self.lanes > 1 else ""
            parts.append(f"{most}{self.lanes} lane" + ("" if self.lanes == 1 else "s"))
        return ", ".join(parts)


def gpus(
    environment: Mapping[str, str] = os.environ,
    installed: Callable[[str], object] = find_spec,
    devices: Collection[str] | None = None,
) -> tuple[str, ...]:
    """The GPUs that JAX would use, as CUDA_VISIBLE_DEVICES names them; none where it would not.

    JAX must not be kept from them by JAX_PLATFORMS, its CUDA plugin must be installed, and the
    `devices` of the system (the names in /dev) must show them.
    """
    platforms = environment.get("JAX_PLATFORMS", "")
    if platforms and not any(word in _CUDA for word in platforms.split(",")):
        return ()
    if not any(installed(name) for name in _PLUGINS):
        return ()
    names = _listed() if devices is None else devices
    found = sorted(int(number[1]) for name in names if (number := _NODE.fullmatch(name)))
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return tuple(str(place) for place in range(len(found)))
    return _until_bad(visible.split(",")) if found else ()


def fleet(
    workers: int | None, engine: Mapping[str, Any], most: int, found: tuple[str, ...] | None = None
) -> Fleet:
    """The fleet for the `engine:` settings of a study with at most `most` runs in a pack.

    `workers` is what the user asks for; one for each GPU, or else for each core, where it is None.
    """
    found = gpus() if found is None else found
    asked = engine.get("lanes", "auto")
    lanes, fitted = (1 if asked == "auto" else int(asked)), False
    if not found:
        return Fleet(workers or default_workers(), (), lanes)
    if asked == "auto":
        lanes, fitted = power_of_two(most), True
    matmul = str(engine.get("matmul", "float32"))
    return Fleet(min(workers or len(found), len(found)), found, lanes, fitted, matmul)


def default_workers() -> int:
    """One for each core that this process may use."""
    return len(cores()) or os.cpu_count() or 1


def cores() -> list[int]:
    """The cores that this process may use, where the system tells."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


_NODE = re.compile(r"nvidia(\d+)")


def _listed() -> list[str]:
    return [path.name for path in Path("/dev").glob("nvidia*")]


def _until_bad(names: Iterable[str]) -> tuple[str, ...]:
    """CUDA ignores what follows a name that is no device."""
    kept: list[str] = []
    for name in (one.strip() for one in names):
        if not name or name.startswith("-"):
            break
        kept.append(name)
    return tuple(kept)
