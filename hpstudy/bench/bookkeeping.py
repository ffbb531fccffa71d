"""The benchmark `bookkeeping`: what a trial costs beside its training, as trials pile up."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy.bench.machine import machine
from hpstudy.bench.options import Options
from hpstudy.bench.process import timed
from hpstudy.bench.table import Findings, Table, number
from hpstudy.errors import HpstudyError

SIZES = (100, 1000, 5000)
QUICK = (20, 40)
# sampler and pruner: a pruner is asked at every rung, and looks at every trial
SEARCHES = (("random", "none"), ("random", "asha"), ("tpe", "none"))

Taken = Mapping[str, float]


def bookkeeping(options: Options) -> Findings:
    """Trials whose training is nothing: the sampler's asks, the rest, and the report's time."""
    sizes = (options.trials,) if options.trials else QUICK if options.quick else SIZES
    before = machine()
    found: dict[tuple[int, str, str], list[Taken]] = {}
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        for repeat in range(options.laps):
            for trials in sizes:
                for sampler, pruner in SEARCHES:
                    place = Path(folder) / f"{sampler}-{pruner}-{trials}-{repeat}"
                    lap = taken(place, sampler, pruner, trials)
                    found.setdefault((trials, sampler, pruner), []).append(lap)
                    head = f"bookkeeping, repeat {repeat + 1}: {sampler}, pruner {pruner}"
                    options.say(f"{head}, {trials} trials")
    rows = tuple(_row(*key, laps) for key, laps in found.items())
    notes = (
        "ms of one trial, over all and over the last ones (at most 100); ask: inside the sampler; "
        "rest: prune, record, tell, mirror, curves on disk; rest, on cores: without the waits for "
        "the disk and for other processes; open again: read the folder and replay the search, "
        "without the asks; report: `python -m hpstudy report`, its process included",
        *([before.busy] if before.busy else []),
    )
    table = Table(
        f"bookkeeping: a trial without its training, medians of {options.laps}",
        (
            *("sampler", "pruner", "trials", "ask", "ask, last", "rest", "rest, last"),
            *("rest, on cores", "open again s", "report s"),
        ),
        rows,
        notes,
    )
    data = {"machine": asdict(before), "laps": list(_listed(found))}
    return Findings((table,), data)


def taken(place: Path, sampler: str, pruner: str, trials: int) -> Taken:
    """One study of trials without training, in the new folder `place`, and its report."""
    place.mkdir()
    ended = timed("hpstudy.bench.untrained", [str(place), sampler, pruner, str(trials)])
    if ended.failure:
        raise HpstudyError(f"the bookkeeping of {trials} trials failed: {ended.failure}")
    report = timed("hpstudy", ["report", str(place / "study")])
    if report.failure:
        raise HpstudyError(f"the report of {trials} trials failed: {report.failure}")
    found: dict[str, float] = json.loads((place / "result.json").read_text())
    return {**found, "report": report.seconds}


def _row(trials: int, sampler: str, pruner: str, laps: Sequence[Taken]) -> tuple[str, ...]:
    def middle(name: str, scale: float = 1.0) -> str:
        return number(scale * median(lap[name] for lap in laps), 2)

    times = [middle(name, 1000) for name in ("ask", "ask_last", "own", "own_last", "own_cores")]
    return (sampler, pruner, f"{trials:,}", *times, middle("open"), middle("report"))


def _listed(found: Mapping[tuple[int, str, str], Sequence[Taken]]) -> Iterator[dict[str, Any]]:
    for (trials, sampler, pruner), laps in found.items():
        for repeat, lap in enumerate(laps):
            place = {"repeat": repeat, "trials": trials, "sampler": sampler, "pruner": pruner}
            yield {**place, **lap}
