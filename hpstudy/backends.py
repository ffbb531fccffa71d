"""Which Keras backend a study trains on, and which GPUs it sees, without importing either."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hpstudy.errors import HpstudyError, MissingPackage

NAMES = {"jax": "JAX", "tensorflow": "TensorFlow"}

_PLUGINS = ("jax_cuda13_plugin", "jax_cuda12_plugin")
_CUDA = ("cuda", "gpu")
_NODE = re.compile(r"nvidia(\d+)")
_COUNT = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"


@dataclass(frozen=True)
class Machine:
    """What decides a backend: environment, installed packages, device files, TensorFlow's GPUs.

    `devices` are the names in /dev; `tensorflow_gpus` asks TensorFlow how many GPUs it sees.
    """

    environment: Mapping[str, str]
    installed: Callable[[str], object]
    devices: Collection[str]
    tensorflow_gpus: Callable[[], int]

    @classmethod
    def here(cls) -> Machine:
        listed = [path.name for path in Path("/dev").glob("nvidia*")]
        return cls(os.environ, find_spec, listed, _asked)

    @property
    def visible(self) -> tuple[str, ...]:
        """The GPUs that the system shows, as CUDA_VISIBLE_DEVICES names them."""
        found = sorted(int(number[1]) for name in self.devices if (number := _NODE.fullmatch(name)))
        visible = self.environment.get("CUDA_VISIBLE_DEVICES")
        if visible is None:
            return tuple(str(place) for place in range(len(found)))
        return _until_bad(visible.split(",")) if found else ()

    @property
    def jax_is_held(self) -> bool:
        """Whether JAX_PLATFORMS keeps JAX from GPUs."""
        platforms = self.environment.get("JAX_PLATFORMS", "")
        return bool(platforms) and not any(word in _CUDA for word in platforms.split(","))

    def gpus(self, backend: str) -> tuple[str, ...]:
        """The GPUs that a backend would use; none where it would not."""
        if backend == "jax":
            plugged = any(self.installed(name) for name in _PLUGINS)
            return self.visible if plugged and not self.jax_is_held else ()
        visible = self.visible
        return visible[: self.tensorflow_gpus()] if visible else ()


def known(engine: Mapping[str, Any], machine: Machine) -> str:
    """The backend that `engine:` asks for; 'auto' where only TensorFlow's own answer decides it."""
    asked = str(engine.get("backend", "auto"))
    if asked != "auto":
        return asked
    held = engine.get("devices") == "cpu" or machine.jax_is_held or machine.gpus("jax")
    return "auto" if not held and machine.visible and machine.installed("tensorflow") else "jax"


def chosen(engine: Mapping[str, Any], machine: Machine) -> tuple[str, tuple[str, ...]]:
    """The backend and the GPUs that `engine:` asks for.

    `auto` is the installed backend that sees a GPU, JAX first, and JAX where none does. `devices`
    are places among the GPUs that the backend sees. Raises MissingPackage or HpstudyError.
    """
    backend, devices = known(engine, machine), engine.get("devices", "auto")
    if backend == "tensorflow" and not machine.installed("tensorflow"):
        raise MissingPackage("engine.backend tensorflow is not installed: pip install tensorflow")
    if devices == "cpu":
        return backend, ()
    found = machine.gpus("tensorflow" if backend == "auto" else backend)
    if backend == "auto":
        backend = "tensorflow" if found else "jax"
    if devices == "auto":
        return backend, found
    places = devices if isinstance(devices, list | tuple) else (devices,)
    wrong = [str(place) for place in places if place >= len(found)]
    if wrong:
        seen = ", ".join(f"{place} ({name})" for place, name in enumerate(found)) or "no GPU"
        raise HpstudyError(
            f"engine.devices asks for GPU {', '.join(wrong)}, and {NAMES[backend]} sees {seen} "
            f"here; name those that it sees, or write devices: auto or devices: cpu"
        )
    return backend, tuple(found[place] for place in places)


@cache
def _asked() -> int:
    """Ask a process that ends again, so that TensorFlow takes no memory here."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", _COUNT]
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    said = done.stdout.split()
    return int(said[-1]) if done.returncode == 0 and said else 0


def _until_bad(names: Iterable[str]) -> tuple[str, ...]:
    """CUDA ignores what follows a name that is no device."""
    kept: list[str] = []
    for name in (one.strip() for one in names):
        if not name or name.startswith("-"):
            break
        kept.append(name)
    return tuple(kept)
