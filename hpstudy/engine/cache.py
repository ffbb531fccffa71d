"""Compiles a program at most once over all workers: the others load it from disk.

Each program has a folder of its own in the cache; a worker compiles into a private folder and
publishes it by one atomic rename, under a lock that a crash releases. What lies in the folders is
JAX's own persistent compilation cache, keyed by JAX on top of our program key, so another version
or another machine never loads a foreign entry.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

_COMPILED = "/jax/core/compile/backend_compile_duration"
_HIT = "/jax/compilation_cache/cache_hits"


@dataclass
class Counters:
    """Backend compilations and cache loads of this process, eager ones included."""

    requests: int = 0
    loads: int = 0

    @property
    def compilations(self) -> int:
        return self.requests - self.loads

    def watch(self) -> None:
        """Start counting; JAX reports a load from its cache as a compilation request too."""
        jax.monitoring.register_event_duration_secs_listener(self._on_duration)
        jax.monitoring.register_event_listener(self._on_event)

    def _on_duration(self, event: str, duration_secs: float, **_: Any) -> None:
        self.requests += event == _COMPILED

    def _on_event(self, event: str, **_: Any) -> None:
        self.loads += event == _HIT


class CompilationCache:
    """Compiles through `folder`, shared by any number of processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        # XLA's own caches would put this folder's path into JAX's key
        jax.config.update("jax_persistent_cache_enable_xla_caches", "none")
        jax.config.update("jax_enable_compilation_cache", False)

    def compiled(self, key: str, compile_all: Callable[[], Any]) -> Any:
        """The result of `compile_all`, whose compilations are loaded where `key` is published."""
        name = hashlib.sha256(f"{key} {jax.__version__}".encode()).hexdigest()[:16]
        published = self.folder / name
        with _locked(self.folder / f"{name}.lock"):
            if published.exists():
                with _cache_in(published):
                    return compile_all()
            private = self.folder / f".{name}.{os.getpid()}"
            try:
                with _cache_in(private):
                    result = compile_all()
                os.replace(private, published)
            finally:
                shutil.rmtree(private, ignore_errors=True)
            return result


@contextmanager
def _cache_in(folder: Path) -> Iterator[None]:
    jax.config.update("jax_enable_compilation_cache", True)
    compilation_cache.reset_cache()
    jax.config.update("jax_compilation_cache_dir", str(folder))
    try:
        with warnings.catch_warnings():
            # an unreadable entry is compiled again; the answer is the same
            warnings.filterwarnings("ignore", message="Error reading persistent compilation cache")
            yield
    finally:
        jax.config.update("jax_enable_compilation_cache", False)
        compilation_cache.reset_cache()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
