"""A coordinator whose runs end as soon as they are asked for: all of a study but its training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Protocol

from hpstudy.coordinator import Coordinator
from hpstudy.engine.devices import Fleet
from hpstudy.engine.executor import Done, LocalExecutor, Rung
from hpstudy.engine.job import Job


class Endings(Protocol):
    """Makes up what workers would say, from a job alone."""

    def score(self, job: Job, epoch: int) -> float:
        """The score at a rung."""

    def end(self, job: Job, rungs: Mapping[int, float], pruned: bool) -> Done:
        """How the run ends, after its reports at `rungs`; `pruned` at the last of them."""


class AtOnce(LocalExecutor):
    """An executor without workers: each run reports at its rungs, and ends."""

    def __init__(self, endings: Endings) -> None:
        super().__init__(Fleet(1), {}, Path())
        self._endings = endings
        self._jobs: list[Job] = []
        self._told: dict[int, float] = {}
        self._pruned = False

    def submit(self, job: Job, kind: str) -> None:
        self._jobs.append(job)

    def wait(self, timeout: float | None = None) -> list[Rung | Done]:
        job = self._jobs[0]
        if not self._pruned and len(self._told) < len(job.rungs):
            epoch = job.rungs[len(self._told)]
            self._told[epoch] = self._endings.score(job, epoch)
            return [Rung(job.run, epoch, self._told[epoch])]
        done = self._endings.end(self._jobs.pop(0), self._told, self._pruned)
        self._told, self._pruned = {}, False
        return [done]

    def answer(self, run: str, go: bool) -> None:
        self._pruned = not go


class Bookkeeping(Coordinator):
    """A coordinator without workers."""

    def keep(self, endings: Endings) -> float:
        """Run the study to its end; the seconds that this took."""
        began = perf_counter()
        with AtOnce(endings) as executor:
            self._settle()
            self._work(executor)
        return perf_counter() - began
