"""Progress as plain lines: one when a cell changes phase, one when a run fails, and a heartbeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TextIO

from hpstudy.analysis.words import Measure, count
from hpstudy.engine.devices import Fleet
from hpstudy.search.expected import Typical
from hpstudy.spec.study import Spec
from hpstudy.store import Event
from hpstudy.terminal.standing import CellStanding, Standing, Watched
from hpstudy.terminal.words import failure, note, pace, troubles

HEARTBEAT = 10.0


class Plain:
    """Writes to `stream`, line by line, without control characters."""

    def __init__(
        self,
        stream: TextIO,
        clock: Callable[[], float] = time.monotonic,
        typical: Mapping[str, Typical] | None = None,
        head: Sequence[str] = (),
    ) -> None:
        self._head = head
        self._stream, self._clock, self._typical = stream, clock, typical
        self._standing: Standing | None = None
        self._phases: dict[str, str] = {}
        self._said = clock()
        self._told_reused: int | None = None

    def __enter__(self) -> Plain:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._standing is not None:
            self._tell_reused(self._standing)
            self._tell_all_reused(self._standing)

    def doubted(self, words: str) -> None:
        """Say what is doubtful."""
        self._say(f"doubtful: {words}")

    def started(self, spec: Spec, cells: Mapping[str, Watched], fleet: Fleet) -> None:
        """Say what starts."""
        standing = self._standing = Standing(spec, cells, fleet, self._clock, self._typical)
        for line in self._head:
            self._say(line)
        self._phases = {name: cell.phase for name, cell in cells.items()}
        budgeted = any(cell.cell.search and cell.cell.search.budgeted for cell in cells.values())
        runs = f"{'about' if budgeted else 'at most'} {count(standing.planned, 'run')}"
        parts = (count(len(cells), "cell"), runs, fleet.words)
        self._say(f"{spec.name}: {', '.join(parts)}")

    def ended(self, event: Event, trained: bool) -> None:
        """Say it where a cell goes on to its next phase or a run failed."""
        assert self._standing is not None
        cell = self._standing.take(event, trained)
        before, name = self._phases[event["cell"]], event["cell"]
        self._phases[name] = cell.run.phase
        if not trained:
            return
        self._tell_reused(self._standing)
        if event["status"] == "failed":
            self._say(failure(event))
        if cell.run.phase != before:
            self._say(_changed(name, before, cell, self._standing.spec))
        self._beat(self._standing)

    def waiting(self) -> None:
        """Say now and then that the study goes on."""
        if self._standing is not None:
            self._tell_reused(self._standing)
            self._beat(self._standing)

    def _beat(self, standing: Standing) -> None:
        if self._clock() - self._said >= HEARTBEAT:
            parts = [*pace(standing), troubles(standing.statuses)]
            self._say(", ".join(part for part in parts if part))

    def _tell_reused(self, standing: Standing) -> None:
        """Say, before anything trains, what there is already."""
        if self._told_reused is None:
            self._told_reused = standing.reused
            if standing.reused:
                self._say(f"{count(standing.reused, 'finished run')} reused from the folder")

    def _tell_all_reused(self, standing: Standing) -> None:
        """Say at the end what a search that went on brought up again of later phases."""
        if standing.reused != self._told_reused:
            every = count(standing.reused, "finished run")
            phases = (f"{n} of {name}" for name, n in standing.reused_of.items() if n)
            self._say(f"{every} reused in all: {', '.join(phases)}")

    def _say(self, line: str) -> None:
        self._said = self._clock()
        print(line, file=self._stream, flush=True)


def _changed(name: str, before: str, cell: CellStanding, spec: Spec) -> str:
    measure = Measure(spec.score.metric, spec.score.maximise)
    parts = [f"{name}: {before} done, {count(cell.done[before], 'run')}"]
    if before == "search" and cell.best is not None:
        parts.append(f"best {measure.label('validation')} {measure.value(cell.best)}")
    if note(cell, before):
        parts.append(note(cell, before))
    goes_on = "" if cell.run.phase == "confirmed" else f"; now {cell.run.phase}"
    return ", ".join(parts) + goes_on
