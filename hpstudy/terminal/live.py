"""Progress as one table that stays in place: a row for each cell, or for the active ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TextIO

from rich import box, live
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from hpstudy.analysis.words import Measure, count
from hpstudy.engine.devices import Fleet
from hpstudy.search.expected import Typical
from hpstudy.spec.study import Spec
from hpstudy.store import Event
from hpstudy.terminal.standing import CellStanding, Standing, Watched
from hpstudy.terminal.words import failure, note, pace, troubles

REFRESH = 0.25  # seconds between redraws
RESELECT = 5.0  # seconds for which the shown cells of a large study stay the same
FRAME = 7  # lines around the rows, and one below
_WORDS = {"confirmed": "confirmed", "without pick": "no pick"}
PHASES = ("search", "choose", "confirm", "confirmed", "without pick")


class Live:
    """Redraws at most four times a second; failures are printed above the table and stay."""

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        console: Console | None = None,
        typical: Mapping[str, Typical] | None = None,
        head: Sequence[str] = (),
    ) -> None:
        self._head = head
        self._clock, self._typical = clock, typical
        self.console = console or Console(file=stream, highlight=False)
        self._live = live.Live(console=self.console, auto_refresh=False, transient=False)
        self._standing: Standing | None = None
        self._drawn = self._selected = float("-inf")
        self._shown: list[str] = []

    def __enter__(self) -> Live:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._standing is not None:
            self._draw(self._standing)
        self._live.stop()

    def doubted(self, words: str) -> None:
        """Print what is doubtful; it stays above the table."""
        self.console.print(Text(f"doubtful: {words}", style="yellow"))

    def started(self, spec: Spec, cells: Mapping[str, Watched], fleet: Fleet) -> None:
        """Show the table."""
        self._standing = Standing(spec, cells, fleet, self._clock, self._typical)
        for line in self._head:
            self.console.print(Text(line))
        self._live.start()
        self._draw(self._standing)

    def ended(self, event: Event, trained: bool) -> None:
        """Take a run's end into the table."""
        assert self._standing is not None
        self._standing.take(event, trained)
        if trained and event["status"] == "failed":
            self._live.console.print(Text(failure(event), style="red"))
        self.waiting()

    def waiting(self) -> None:
        """Redraw if it is time."""
        if self._standing is not None and self._clock() - self._drawn >= REFRESH:
            self._draw(self._standing)

    def _draw(self, standing: Standing) -> None:
        self._drawn = self._clock()
        self._live.update(self.render(standing), refresh=True)

    def render(self, standing: Standing) -> Group:
        """The table with a line above and below; never taller than the terminal."""
        room = max(3, self.console.height - FRAME)
        names = list(standing.cells)
        parts = [Text(_head(standing), overflow="ellipsis", no_wrap=True)]
        if len(names) > room:
            names = self._active(standing, room - 1)
            parts.append(Text(_phases(standing), style="dim", overflow="ellipsis", no_wrap=True))
        rows = _table(standing, names, self.console.width)
        foot = Text(" · ".join(pace(standing)), overflow="ellipsis", no_wrap=True)
        return Group(*parts, rows, foot)

    def _active(self, standing: Standing, room: int) -> list[str]:
        """The unfinished cells that moved last, in the study's order, kept for some seconds."""
        ended = [name for name in self._shown if standing.cells[name].ended]
        if ended or len(self._shown) != room or self._clock() - self._selected >= RESELECT:
            self._selected = self._clock()
            place = {name: index for index, name in enumerate(standing.cells)}
            latest = sorted(
                standing.cells,
                key=lambda n: (standing.cells[n].ended, -standing.cells[n].moved, place[n]),
            )
            self._shown = sorted(latest[:room], key=place.__getitem__)
        return self._shown


def _head(standing: Standing) -> str:
    parts = [count(len(standing.cells), "cell"), standing.fleet.words]
    if standing.reused:
        parts.append(f"{count(standing.reused, 'run')} reused")
    trouble = troubles(standing.statuses)
    return f"{standing.spec.name}: " + ", ".join([*parts, *([trouble] if trouble else [])])


def _phases(standing: Standing) -> str:
    """'30 in search, 4 confirmed; the active ones:' for a study that does not fit."""
    found = [cell.run.phase for cell in standing.cells.values()]
    parts = [
        f"{found.count(phase)} {_WORDS.get(phase, f'in {phase}')}"
        for phase in PHASES
        if phase in found
    ]
    return ", ".join(parts) + "; of these:"


def _table(standing: Standing, names: list[str], width: int) -> Table:
    spec = standing.spec
    measure = Measure(spec.score.metric, spec.score.maximise)
    table = Table(box=box.SIMPLE_HEAD, width=width, pad_edge=False, padding=(0, 1))
    table.add_column("cell", no_wrap=True, overflow="ellipsis", max_width=max(12, width - 46))
    table.add_column("phase", width=9, no_wrap=True)
    table.add_column("runs", justify="right", min_width=5, no_wrap=True)
    table.add_column("best val", justify="right", width=8, no_wrap=True)
    table.add_column("", ratio=1, no_wrap=True, overflow="ellipsis", style="dim")
    for name in names:
        cell = standing.cells[name]
        table.add_row(
            Text(name),
            Text(_WORDS.get(cell.run.phase, cell.run.phase), style=_style(cell)),
            "/".join(map(str, cell.shown)),
            "" if cell.best is None else measure.value(cell.best),
            Text(note(cell)),
        )
    return table


def _style(cell: CellStanding) -> str:
    if cell.run.phase == "without pick" or cell.statuses.get("failed"):
        return "red"
    return "green" if cell.ended else ""
