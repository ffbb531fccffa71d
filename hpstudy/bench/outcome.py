"""What a benchmark has found so far: kept at once, and shown when it ends, by itself or not."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from errno import EISDIR
from pathlib import Path
from typing import Any, TextIO

from hpstudy.bench import table
from hpstudy.bench.machine import Machine
from hpstudy.bench.table import Table
from hpstudy.errors import HpstudyError


@dataclass(frozen=True)
class Findings:
    """All that is complete: for people, for programs, and whether some of it failed.

    `news` is a line about what was completed last.
    """

    tables: tuple[Table, ...]
    data: Mapping[str, Any] = field(default_factory=dict)
    news: str = ""
    failed: bool = False


class Figures:
    """Every figure of the benchmarks so far, in a JSON file where one is named.

    The file is replaced as a whole, and first when something is found, so that whoever is killed
    leaves the figures before. Raises HpstudyError where it cannot be written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._found: dict[str, Mapping[str, Any]] = {}
        self._write(replaces=False)

    def take(self, name: str, here: Machine, found: Findings, complete: bool = False) -> None:
        """Keep what the benchmark `name` has found so far."""
        self._found[name] = {"machine": asdict(here), "complete": complete, **found.data}
        self._write()

    def _write(self, replaces: bool = True) -> None:
        if self._path is None:
            return
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            partial.write_text(json.dumps(self._found, indent=1) + "\n")
            if replaces:
                os.replace(partial, self._path)
            elif self._path.is_dir():
                raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        except OSError as error:
            raise HpstudyError(f"{self._path}: cannot be written: {error.strerror}") from None
        finally:
            with suppress(OSError):
                partial.unlink()


def show(name: str, here: Machine, found: Findings, complete: bool, stream: TextIO) -> None:
    """Write the tables to `stream`; those of a benchmark that did not come to its end say so."""
    if not found.tables:
        print(f"{name}: stopped before a table was complete", file=stream, flush=True)
    for one in found.tables:
        title = one.title if complete else f"{one.title}; stopped early"
        busy = (here.busy,) if here.busy and one is found.tables[-1] else ()
        table.show(replace(one, title=title, notes=(*one.notes, *busy)), stream)
