"""The Optuna storage that dashboards open: a view of runs.jsonl, made anew from it at will.

<folder>/optuna.log      a journal file, one Optuna study for each cell and generation
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpstudy.search.view import View
from hpstudy.store import Store


class Mirror:
    """Writes `<folder>/optuna.log`. Only the process that writes the store may write the mirror."""

    def __init__(self, folder: str | os.PathLike[str], maximise: bool) -> None:
        self._folder = Path(folder)
        self._maximise = maximise
        self._path = self._folder / "optuna.log"
        self._view: View | None = None
        self._written = 0

    def rebuild(self, store: Store) -> None:
        """Make the file anew from the store; readers see the old one or the new one, whole."""
        self._view = View.of(store, self._maximise)
        content = self._view.lines(0)
        self._written = len(self._view.journal.logs)
        if not self._path.exists() or self._path.read_bytes() != content:
            store.write_bytes(self._path.name, content)

    def told(self, cell: str, generation: int, event: Mapping[str, Any]) -> None:
        """Append the trial of one `run` event; runs that are no search trials are left out."""
        if self._view is None:
            self.rebuild(Store(self._folder))
        assert self._view is not None
        self._view.take({**event, "cell": cell, "generation": generation})
        with self._path.open("ab") as log:
            log.write(self._view.lines(self._written))
        self._written = len(self._view.journal.logs)
