"""A study's folder: `runs.jsonl` is the one truth, append-only; everything else is a view of it.

    runs.jsonl          one JSON object a line, flushed to disk before anyone is told
    curves/<run>.npz    epoch curves of a run
    arrays/<run>.npz    initial and final parameters and test outputs of a confirmed run
    states/...          what paused runs go on from, until nobody can need it
    study.yaml          a copy of the study file as last run
    source/...          copies of the code of somebody's hypermodel, never imported by a run

Events, by their `event` field: `study` (what is being run, and with which versions), `generation`
(a cell's search starts), `run` (a run ended), `choice` (a cell's pick), `look` (a pick was scored
on the test split).
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from hpstudy.errors import StoreError

Event = dict[str, Any]

REPORT = "report.html"  # beside the log, in the folder of a study that has one


class Store:
    """Reads and appends events; only the coordinator writes."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._log = self.folder / "runs.jsonl"

    @property
    def exists(self) -> bool:
        return self._log.exists()

    def events(self) -> Iterator[Event]:
        """Every event in the order of writing; a last line cut short by a crash is left out."""
        if not self._log.exists():
            return
        with self._log.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    yield json.loads(line)
                except json.JSONDecodeError as error:
                    raise StoreError(f"{self._log}:{number}: not a JSON line: {error}") from None

    def append(self, *events: Mapping[str, Any]) -> None:
        """Write events and flush them to disk before returning."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(event, separators=(",", ":"), allow_nan=False) for event in events]
        with self._log.open("ab") as log:
            log.write("".join(f"{line}\n" for line in lines).encode())
            log.flush()
            os.fsync(log.fileno())

    def repair(self) -> None:
        """Cut off a last line that a crash left unfinished, so that the next one starts clean."""
        if not self._log.exists():
            return
        with self._log.open("rb+") as log:
            content = log.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                log.truncate(whole)

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Put a file into the folder atomically: readers see the old one or the new one."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        return path

    def write_text(self, name: str, content: str) -> Path:
        return self.write_bytes(name, content.encode())

    def curves(self, run: str, wanted: Collection[str] | None = None) -> dict[str, Any]:
        """A run's epoch curves: name -> array of one value an epoch; empty where none is kept.

        `wanted` names those to read, of what there is, as in 'final/*/gamma'; by default all.
        """
        return self._arrays(f"curves/{run}.npz", wanted)

    def arrays(self, run: str, wanted: Collection[str] | None = None) -> dict[str, Any]:
        """A confirmed run's 'initial/<path>', 'final/<path>' and 'test_outputs' arrays."""
        return self._arrays(f"arrays/{run}.npz", wanted)

    def _arrays(self, name: str, wanted: Collection[str] | None) -> dict[str, Any]:
        import numpy as np

        path = self.folder / name
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as archive:
            kept = (
                k for k in archive.files if wanted is None or any(fnmatchcase(k, w) for w in wanted)
            )
            return {k: archive[k] for k in kept}
