"""Programs on disk: compiled at most once over all workers, loaded by the others without tracing.

An entry is one file, a serialised executable and plain facts about it. It is written beside its
place and published by one atomic rename, under a lock that a crash releases. Its name is a hash of
the program's key and of all that its machine code depends on (`surroundings`), so another version,
processor or flag never meets a foreign entry. Entries are pickles, as JAX serialises executables:
they are as trusted as the user's own cache folder, and nothing else is ever loaded from there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
from jax.experimental import serialize_executable

from hpstudy.engine.surroundings import surroundings

LIMIT = 2**30  # bytes of entries; the ones used longest ago go first
_COMPILED = "/jax/core/compile/backend_compile_duration"


@dataclass
class Counters:
    """Backend compilations of this process, eager ones included."""

    compilations: int = 0

    def watch(self) -> None:
        """Start counting."""
        jax.monitoring.register_event_duration_secs_listener(self._on_duration)

    def _on_duration(self, event: str, duration_secs: float, **_: Any) -> None:
        self.compilations += event == _COMPILED


@dataclass(frozen=True)
class Entry:
    """An executable, and facts about it that are not in its machine code."""

    call: Any
    facts: Mapping[str, Any] = field(default_factory=dict)


class ProgramCache:
    """Compiles through `folder`, shared by any number of processes; `loads` counts what it had."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder, self.limit, self.loads = folder, limit, 0
        folder.mkdir(parents=True, exist_ok=True)
        self.surroundings = surroundings()

    def entry(self, key: str, compile_it: Callable[[], Entry]) -> Entry:
        """The entry of `key`, from disk or else from `compile_it`, which then is published."""
        name = hashlib.sha256(f"{key}\n{self.surroundings}".encode()).hexdigest()[:32]
        published = self.folder / f"{name}.program"
        with _locked(self.folder / f"{name}.lock"):
            found = _read(published)
            if found is not None:
                self.loads += 1
                return found
            made = compile_it()
            self._publish(made, published)
        return made

    def _publish(self, entry: Entry, place: Path) -> None:
        private = place.with_suffix(f".{os.getpid()}")
        try:
            serialised = serialize_executable.serialize(entry.call)
            private.write_bytes(pickle.dumps((serialised, dict(entry.facts))))
            os.replace(private, place)
        except OSError:
            # a disk that is full costs others a compilation, not this run
            return
        finally:
            private.unlink(missing_ok=True)
        self._bound(place)

    def _bound(self, newest: Path) -> None:
        entries = []
        for path in self.folder.glob("*.program"):
            # another process may be at the same work
            with suppress(FileNotFoundError):
                status = path.stat()
                entries.append((status.st_mtime, status.st_size, path))
        held = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if held <= self.limit:
                return
            if path != newest:
                path.unlink(missing_ok=True)
                path.with_suffix(".lock").unlink(missing_ok=True)
                held -= size


def _read(path: Path) -> Entry | None:
    """The entry at `path`; one that cannot be read is deleted, and compiled again."""
    try:
        serialised, facts = pickle.loads(path.read_bytes())
        found = Entry(serialize_executable.deserialize_and_load(*serialised), facts)
        os.utime(path)
    except FileNotFoundError:
        return None
    except Exception:
        path.unlink(missing_ok=True)
        return None
    return found


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
