"""What a worker does with its frames: jobs into packs, rungs to be answered, results out."""

from __future__ import annotations

import os
import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from hpstudy.data.shared import read
from hpstudy.engine import protocol
from hpstudy.engine.cache import Counters, ProgramCache
from hpstudy.engine.job import Job, Probe, Result, failed
from hpstudy.engine.packs import Packs
from hpstudy.engine.parts import Parts
from hpstudy.engine.programs import Programs
from hpstudy.engine.protocol import Inbox
from hpstudy.engine.room import device_memory, fitting
from hpstudy.engine.setups import Setups
from hpstudy.spec.registered import Registered

if TYPE_CHECKING:
    from hpstudy.engine.fits import Fits

_THREADS = 8  # that draw lanes' orders where no core is this worker's own


class Serving:
    """A worker's side of the pipes; `start` is its first frames, `numerics` what it answers."""

    def __init__(
        self, start: Mapping[str, Any], numerics: Mapping[str, Any], outgoing: IO[bytes]
    ) -> None:
        self._start, self._numerics, self._outgoing = start, numerics, outgoing
        split = read(Path(start["data"]), None)
        self._shape, self._sample = split.shape, _sample(start, split)
        self._counts: Callable[[], tuple[int, int]] = lambda: (0, 0)
        self._counted = (0, 0)
        self._packs: Packs | Fits
        if start["backend"] == "jax":
            self._packs = self._compiled(split)
        else:
            from hpstudy.engine.fits import Fits

            self._packs = Fits(split, start["dtype"], self._sample)
        self._probes: deque[Probe] = deque()
        self._test = cache(self._read_test)
        self._send({"type": "ready"})

    def _compiled(self, split: Any) -> Packs:
        """Packs of the compiled engine, whose compilations are counted."""
        start, counters = self._start, Counters()
        counters.watch()
        programs = Programs(ProgramCache(Path(start["cache"])))
        self._counts = lambda: (counters.compilations, programs.cache.loads)
        parts = Parts.of(split, start["dtype"])
        counts = len(split.x_train), len(split.x_val)
        setups = Setups(split.shape, *counts, start["dtype"], self._sample)
        room = fitting(parts, device_memory()) if start["fitted"] else None
        threads = min(_THREADS, os.cpu_count() or 1) if start["core"] is None else 1
        each = ThreadPoolExecutor(threads).map if threads > 1 and start["lanes"] > 1 else map
        return Packs(setups, programs, parts, start["lanes"], room, each)

    def serve(self, inbox: Inbox) -> None:
        """Train what arrives until the other side is gone."""

        def ask(asking: Iterable[tuple[str, int, float]]) -> Mapping[str, bool]:
            return self._ask(inbox, asking)

        def meanwhile() -> None:
            self._take(inbox, wait=False)

        while not inbox.ended:
            self._take(inbox, wait=self._packs.idle and not self._probes)
            while self._probes:
                self._probe(self._probes.popleft(), inbox)
            for result in self._packs.step(ask, meanwhile):
                self._tell(result)

    def _take(self, inbox: Inbox, wait: bool) -> dict[str, Any]:
        """Take the jobs that have arrived; answers among them by run."""
        answers: dict[str, Any] = {}
        for head in inbox.take(wait):
            if head["type"] == "answer":
                answers[head["run"]] = head["answer"]
            elif head["type"] == "probe":
                self._probes.append(Probe(**head["probe"]))
            else:
                self._add(head)
        return answers

    def _add(self, head: Mapping[str, Any]) -> None:
        job = Job(**{**head["job"], "rungs": tuple(head["job"]["rungs"])})
        try:
            self._packs.add(job, self._test(head["test"]) if job.confirm else None)
        except Exception:
            self._tell(failed(job, traceback.format_exc()))

    def _ask(self, inbox: Inbox, asking: Iterable[tuple[str, int, float]]) -> Mapping[str, bool]:
        left = set()
        for run, epoch, score in asking:
            self._send({"type": "rung", "run": run, "epoch": epoch, "score": score})
            left.add(run)
        return self._answers(inbox, left)

    def _answers(self, inbox: Inbox, left: Set[str]) -> dict[str, Any]:
        """The answers to all runs in `left`, waiting for them."""
        answers: dict[str, Any] = {}
        while left - answers.keys():
            if inbox.ended:
                sys.exit(0)
            answers |= self._take(inbox, wait=True)
        return answers

    def _probe(self, probe: Probe, inbox: Inbox) -> None:
        from hpstudy.engine.discovering import discover

        def ask(asked: Registered) -> Any:
            self._send({"type": "asked", "run": probe.run, "asked": asked.as_json()})
            return self._answers(inbox, {probe.run})[probe.run]

        found = discover(probe, ask, self._shape, self._sample)
        self._send({"type": "probed", "run": probe.run, "found": found})

    def _tell(self, result: Result) -> None:
        record, counted = dict(result.record), self._counts()
        record |= {
            "numerics": {**self._numerics, **record.get("numerics", {})},
            "compilations": counted[0] - self._counted[0],
            "cache_loads": counted[1] - self._counted[1],
        }
        self._counted = counted
        curves = protocol.pack(result.curves) if result.curves else b""
        arrays = protocol.pack(result.arrays) if result.arrays else b""
        state = protocol.pack(result.state) if result.state else b""
        lengths = {"curves": len(curves), "arrays": len(arrays)}
        head = {"type": "done", "run": record["run"], "record": record, **lengths}
        self._send(head, curves + arrays + state)

    def _read_test(self, folder: str) -> tuple[Any, Any]:
        whole = read(Path(self._start["data"]), Path(folder))
        return whole.x_test, whole.y_test

    def _send(self, head: Mapping[str, Any], payload: bytes = b"") -> None:
        protocol.write(self._outgoing, head, payload)


def _sample(start: Mapping[str, Any], split: Any) -> Any:
    """What other people's hypermodels see of the data while they are discovered, or None."""
    if not start.get("sources"):
        return None
    from hpstudy.engine.preparing import Sample

    return Sample.of(split)
