"""The benchmark `bookkeeping`: what a trial costs beside its training, as trials pile up."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.process import timed
from hpstudy.bench.table import Table, medians, number
from hpstudy.errors import HpstudyError

SIZES = (100, 1000, 5000)
QUICK = (20, 40)
# sampler and pruner: a pruner is asked at every rung, and looks at every trial
SEARCHES = (("random", "none"), ("random", "asha"), ("tpe", "none"))

Taken = Mapping[str, float]
Laps = Mapping[tuple[int, str, str], Sequence[Taken]]


def bookkeeping(options: Options) -> Iterator[Findings]:
    """Trials whose training is nothing: the sampler's asks, the rest, and the report's time."""
    sizes = (options.trials,) if options.trials else QUICK if options.quick else SIZES
    turns = [(trials, *search) for trials in sizes for search in SEARCHES]
    laps: dict[tuple[int, str, str], list[Taken]] = {}
    for repeat in range(options.laps):
        for trials, sampler, pruner in turns:
            lap = taken(sampler, pruner, trials)
            laps.setdefault((trials, sampler, pruner), []).append(lap)
            head = f"bookkeeping, repeat {repeat + 1} of {options.laps}"
            news = f"{head}: {sampler}, pruner {pruner}, {trials} trials, {words(lap)}"
            yield Findings((_table(laps),), {"laps": _listed(laps)}, news)


def taken(sampler: str, pruner: str, trials: int) -> Taken:
    """One study of trials without training, and its report."""
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        ended = timed("hpstudy.bench.untrained", [folder, sampler, pruner, str(trials)])
        if ended.failure:
            raise HpstudyError(f"the bookkeeping of {trials} trials failed: {ended.failure}")
        report = timed("hpstudy", ["report", str(Path(folder) / "study")])
        if report.failure:
            raise HpstudyError(f"the report of {trials} trials failed: {report.failure}")
        found: dict[str, float] = json.loads((Path(folder) / "result.json").read_text())
    return {**found, "report": report.seconds}


def words(lap: Taken) -> str:
    """What a trial cost, without its training."""
    return f"{1000 * (lap['ask'] + lap['own']):.1f} ms a trial"


def _table(laps: Laps) -> Table:
    return Table(
        f"bookkeeping: a trial without its training, {medians(max(map(len, laps.values())))}",
        (
            *("sampler", "pruner", "trials", "ask", "ask, last", "rest", "rest, last"),
            *("rest, on cores", "open again s", "report s"),
        ),
        tuple(_row(*key, own) for key, own in laps.items()),
        (
            "ms of one trial, over all and over the last ones (at most 100); ask: inside the "
            "sampler; rest: prune, record, tell, mirror, curves on disk; rest, on cores: without "
            "the waits for the disk and for other processes; open again: read the folder and "
            "replay the search, without the asks; report: `python -m hpstudy report`, its process "
            "included",
        ),
    )


def _row(trials: int, sampler: str, pruner: str, laps: Sequence[Taken]) -> tuple[str, ...]:
    def middle(name: str, scale: float = 1.0) -> str:
        return number(scale * median(lap[name] for lap in laps), 2)

    times = [middle(name, 1000) for name in ("ask", "ask_last", "own", "own_last", "own_cores")]
    return (sampler, pruner, f"{trials:,}", *times, middle("open"), middle("report"))


def _listed(laps: Laps) -> list[dict[str, float | str]]:
    return [
        {"repeat": repeat, "trials": trials, "sampler": sampler, "pruner": pruner, **lap}
        for (trials, sampler, pruner), own in laps.items()
        for repeat, lap in enumerate(own)
    ]
