"""The benchmark `growth`: what more trials, deeper and wider networks cost."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy.bench import bookkeeping, report
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.cores import Peak, peak
from hpstudy.bench.epochs import Epochs, epochs
from hpstudy.bench.machine import machine
from hpstudy.bench.options import Options
from hpstudy.bench.products import of_study, operations, rate, step
from hpstudy.bench.report import Shape
from hpstudy.bench.studies import MNIST, Study
from hpstudy.bench.table import Findings, Table, number

TRIALS, QUICK = (100, 1000, 5000), (12, 24)
DEPTHS, WIDTHS = (2, 4, 8, 16), (64, 128, 256, 512, 1024)
DEPTH, WIDTH = 4, 256  # of the networks whose width, or depth, grows
STUDY = Study("growth", MNIST, epochs=6, trials=0, batch_sizes=(128,))

Laps = Sequence[Mapping[str, Any]]


def growth(options: Options) -> Findings:
    """Bookkeeping, report and opening against trials; compiling and an epoch against size."""
    before = machine()
    busy = (before.busy,) if before.busy else ()
    sizes = (options.trials,) if options.trials else QUICK if options.quick else TRIALS
    trials = {count: _trials(count, options) for count in sizes}
    networks = _networks(options)
    laps = [_network_laps(networks, options, repeat) for repeat in range(options.laps)]
    tables = (_trials_table(trials, busy), _networks_table(networks, laps, busy))
    found = {
        "machine": asdict(before),
        "trials": [{"trials": count, **lap} for count, each in trials.items() for lap in each],
        "networks": [row for lap in laps for row in lap.values()],
    }
    return Findings(tables, found)


def _trials(count: int, options: Options) -> Laps:
    found = []
    shape = Shape(count, 2, 1) if options.quick else Shape(count, 3, 4)
    costs = report.measured(shape, options)
    for repeat in range(options.laps):
        with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
            kept = bookkeeping.taken(Path(folder) / "one", "random", "none", count)
        found.append({"repeat": repeat, **kept, **asdict(costs[repeat])})
        options.say(f"growth, repeat {repeat + 1}: {count} trials")
    return found


def _trials_table(trials: Mapping[int, Laps], busy: Sequence[str]) -> Table:
    def row(count: int, laps: Laps) -> tuple[str, ...]:
        def middle(name: str, scale: float = 1.0) -> str:
            known = [lap[name] for lap in laps if lap[name] is not None]
            return number(scale * median(known) if known else None, 2)

        kept = [middle(name, 1000) for name in ("ask", "own", "own_cores")]
        rest = [middle(name) for name in ("seconds", "processor", "report_mib", "open")]
        return (f"{count:,}", *kept, *rest)

    return Table(
        "growth: against trials, random sampler",
        (
            *("trials", "ask ms", "rest ms", "rest, on cores", "report s", "report, on cores"),
            *("report MiB", "open again s"),
        ),
        tuple(row(count, laps) for count, laps in trials.items()),
        (
            "ask, rest: ms of one trial, as in `bookkeeping`; report, open again: of a study of "
            "several cells, as in `report`",
            *busy,
        ),
    )


def _networks(options: Options) -> list[Configuration]:
    depths, widths = ((2, 4), (64, 128)) if options.quick else (DEPTHS, WIDTHS)
    depth, width = (2, 64) if options.quick else (DEPTH, WIDTH)
    sizes = [*((one, width) for one in depths), *((depth, one) for one in widths)]
    return [
        Configuration(subset, deep, wide, 128, 0.01)
        for deep, wide in dict.fromkeys(sizes)
        for subset in ("all", "batchnorm")
    ]


def _network_laps(
    networks: Sequence[Configuration], options: Options, repeat: int
) -> dict[Configuration, dict[str, Any]]:
    study = replace(STUDY.quick(), batch_sizes=(128,)) if options.quick else STUDY
    sizes = of_study(study)
    products = list(dict.fromkeys(p for one in networks for p in step(one, sizes)))
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        top: Peak = peak(products, Path(folder), alone=True)
        options.say(f"growth, repeat {repeat + 1}: {len(products)} products measured")
        timed: dict[Configuration, Epochs] = epochs(study, networks, Path(folder) / "epochs")
        options.say(f"growth, repeat {repeat + 1}: {len(networks)} networks trained")
    return {
        one: {
            "repeat": repeat,
            **asdict(one),
            **asdict(timed[one]),
            "operations": operations(one, sizes),
            "peak": rate(one, sizes, top),
        }
        for one in networks
    }


def _networks_table(
    networks: Sequence[Configuration],
    laps: Sequence[Mapping[Configuration, Mapping[str, Any]]],
    busy: Sequence[str],
) -> Table:
    def row(one: Configuration) -> tuple[str, ...]:
        own = [lap[one] for lap in laps]
        work = own[0]["operations"]
        return (
            f"{one.subset}, depth {one.depth}, width {one.width}",
            number(median(lap["compile"] for lap in own), 2),
            number(1000 * median(lap["epoch"] for lap in own)),
            number(work / 1e9, 2),
            number(median(work / lap["epoch"] for lap in own) / 1e9),
            number(median(lap["peak"] for lap in own) / 1e9),
            number(100 * median(work / lap["epoch"] / lap["peak"] for lap in own), 0),
        )

    return Table(
        "growth: against depth and width, one thread on one core, batch 128",
        ("network", "compile s", "ms an epoch", "GFLOP", "GFLOP/s", "peak", "% of peak"),
        tuple(row(one) for one in networks),
        (
            "compile: with an empty cache, all programs of the network; an epoch: the shortest of "
            "a run's, its validation included; GFLOP and peak: as in `floor`, but one core alone",
            *busy,
        ),
    )
