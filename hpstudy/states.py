"""The training states that paused runs left in a study's folder, until nobody can need them.

    states/<run>-<epoch>.npz    a run's exact state after an epoch

A state that is lost costs its epochs once more, and changes no result.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from hpstudy.store import Store

# a run and the epoch after which it paused
State = tuple[str, int]


class States:
    """The states of a store; `path` is where one is, or would be."""

    def __init__(self, store: Store) -> None:
        self._store, self._folder = store, store.folder / "states"
        # with what a crash left half written
        self._held = {path.name for path in self._folder.glob("*") if path.is_file()}

    def path(self, state: State) -> Path:
        return self._folder.absolute() / _name(state)

    def keep(self, state: State, content: bytes) -> None:
        """Put a state on the disk, whole or not at all."""
        self._store.write_bytes(f"{self._folder.name}/{_name(state)}", content)
        self._held.add(_name(state))

    def sweep(self, wanted: Iterable[State]) -> None:
        """Delete all states but those that are `wanted`."""
        if not self._held:
            return
        kept = self._held & {_name(state) for state in wanted}
        for name in self._held - kept:
            (self._folder / name).unlink(missing_ok=True)
        self._held = kept
        if not kept:
            with contextlib.suppress(OSError):
                self._folder.rmdir()


def _name(state: State) -> str:
    run, epoch = state
    return f"{run}-{epoch}.npz"
