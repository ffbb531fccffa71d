"""The benchmark `growth`: what more trials, deeper and wider networks cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from hpstudy.bench import bookkeeping, networks
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.report import Shape, measured
from hpstudy.bench.table import Table, number

PARTS = ("trials", "networks")
TRIALS, QUICK = (100, 1000, 5000), (12, 24)

# what was measured once, as it stands in JSON
Lap = Mapping[str, Any]


def growth(options: Options) -> Iterator[Findings]:
    """Bookkeeping, report and opening against trials; compiling and an epoch against size."""
    only = options.only or PARTS
    trials: list[Lap] = []
    sizes: list[Lap] = []

    def found(lap: Lap, words: str) -> Findings:
        tables = (
            *([_table(trials)] if trials else ()),
            *([networks.table(sizes)] if sizes else ()),
        )
        news = f"growth, repeat {lap['repeat'] + 1} of {options.laps}: {words}"
        return Findings(tables, {"trials": trials, "networks": sizes}, news)

    for lap in _trials(options) if "trials" in only else ():
        trials.append(lap)
        yield found(lap, f"{lap['trials']} trials, {bookkeeping.words(lap)}")
    for lap in networks.laps(options) if "networks" in only else ():
        sizes.append(lap)
        yield found(lap, networks.words(lap))


def _trials(options: Options) -> Iterator[Lap]:
    counts = (options.trials,) if options.trials else QUICK if options.quick else TRIALS
    for count in counts:
        shape = Shape(count, 2, 1) if options.quick else Shape(count, 3, 4)
        for cost in measured(shape, options.laps):
            kept = bookkeeping.taken("random", "none", count)
            yield {"trials": count, **kept, **asdict(cost)}


def _table(laps: Sequence[Lap]) -> Table:
    counted: dict[int, list[Lap]] = {}
    for lap in laps:
        counted.setdefault(lap["trials"], []).append(lap)
    return Table(
        "growth: against trials, random sampler",
        (
            *("trials", "ask ms", "rest ms", "rest, on cores", "report s", "report, on cores"),
            *("report MiB", "open again s"),
        ),
        tuple(_row(count, own) for count, own in counted.items()),
        (
            "ask, rest: ms of one trial, as in `bookkeeping`; report, open again: of a study of "
            "several cells, as in `report`",
        ),
    )


def _row(count: int, laps: Sequence[Lap]) -> tuple[str, ...]:
    def middle(name: str, scale: float = 1.0) -> str:
        known = [lap[name] for lap in laps if lap[name] is not None]
        return number(scale * median(known) if known else None, 2)

    kept = [middle(name, 1000) for name in ("ask", "own", "own_cores")]
    rest = [middle(name) for name in ("seconds", "processor", "report_mib", "open")]
    return (f"{count:,}", *kept, *rest)
