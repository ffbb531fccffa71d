"""The benchmark `floor`: how far training is from what the arithmetic alone would take."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy.bench.configurations import Configuration, configurations
from hpstudy.bench.cores import Peak, peak
from hpstudy.bench.epochs import Epochs, epochs
from hpstudy.bench.laps import Lap, of_peer
from hpstudy.bench.machine import Machine, machine
from hpstudy.bench.options import Options
from hpstudy.bench.peers import COLD, PEERS, WARM
from hpstudy.bench.products import Sizes, of_study, operations, rate, step
from hpstudy.bench.race import race
from hpstudy.bench.standing import time_table
from hpstudy.bench.studies import STUDIES, Study
from hpstudy.bench.table import Findings, Table, number
from hpstudy.errors import HpstudyError

NETWORKS = "seed"  # few enough networks to be told one by one
UNITS = 2  # the narrowest network in which every subset has what it trains


@dataclass(frozen=True)
class Taken:
    """What was measured of a study, each list with one entry a repeat.

    `narrow` has each network at two units wide: next to no arithmetic, and as many steps.
    """

    study: Study
    chosen: tuple[Configuration, ...]
    sizes: Sizes
    peaks: list[Peak] = field(default_factory=list)
    narrow: list[Mapping[Configuration, Epochs]] = field(default_factory=list)
    laps: list[Lap] = field(default_factory=list)

    def warm(self) -> Iterator[tuple[int, Lap]]:
        """The warm run of each repeat: nothing is compiled in it."""
        yield from of_peer(self.laps, WARM).items()


def floor(options: Options) -> Findings:
    """Training speed of every study beside the matrix-product peak at the same shapes.

    Peak and study are taken in turn, on all cores; only the warm run's times are used.
    """
    before = machine()
    taken = [_taken(study, options) for study in STUDIES.values()]
    networks = next(one for one in taken if one.study.name == NETWORKS)
    times = [time_table(one.study, one.laps) for one in taken]
    tables = [_studies(taken, before), _training(networks, before), *filter(None, times)]
    return Findings(tuple(tables), {"machine": asdict(before), "studies": [*map(_data, taken)]})


def _taken(whole: Study, options: Options) -> Taken:
    study = whole.quick() if options.quick else whole
    study = replace(study, trials=options.trials or study.trials)
    found = Taken(study, configurations(study, study.trials), of_study(study))
    products = list(dict.fromkeys(p for one in found.chosen for p in step(one, found.sizes)))
    narrow = list(dict.fromkeys(_narrow(one) for one in found.chosen))
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        for repeat in range(options.laps):
            place = Path(folder) / str(repeat)
            place.mkdir()
            found.peaks.append(peak(products, place))
            head = f"floor, repeat {repeat + 1}: {study.name}"
            options.say(f"{head}, {len(products)} products measured")
            found.narrow.append(epochs(replace(study, epochs=4), narrow, place / "narrow"))
            options.say(f"{head}, {len(narrow)} narrow networks trained")
            laps = race(study, (PEERS[COLD], PEERS[WARM]), 1, None, place, options.say)
            found.laps.extend(replace(lap, repeat=repeat) for lap in laps)
    failures = [lap.failure for lap in found.laps if lap.failure]
    if failures:
        raise HpstudyError(f"the study {study.name} failed: {failures[0]}")
    return found


def _narrow(one: Configuration) -> Configuration:
    return replace(one, width=UNITS, learning_rate=0.01)


def parts(taken: Taken, repeat: int, lap: Lap) -> tuple[float, float, float]:
    """Core-seconds of a study: its arithmetic at the peak, its steps without any, its training."""
    length, sizes = taken.study.epochs, taken.sizes
    arithmetic = sum(
        length * operations(one, sizes) / rate(one, sizes, taken.peaks[repeat])
        for one in taken.chosen
    )
    steps = sum(length * taken.narrow[repeat][_narrow(one)].epoch for one in taken.chosen)
    seconds = (run["seconds"] for run in lap.parts["runs"])
    return arithmetic, steps, sum(one["total"] - one["compile"] for one in seconds)


def _studies(taken: Sequence[Taken], before: Machine) -> Table:
    rows = []
    for one in taken:
        found = [parts(one, repeat, lap) for repeat, lap in one.warm()]
        arithmetic, steps, trained = (median(column) for column in zip(*found, strict=True))
        rest = median(whole - first - second for first, second, whole in found)
        shares = [median(100 * lap[part] / lap[2] for lap in found) for part in range(2)]
        rows.append(
            (
                one.study.name,
                str(one.study.trials),
                number(trained, 2),
                number(arithmetic, 2),
                number(shares[0], 0),
                number(steps, 2),
                number(shares[1], 0),
                number(rest, 2),
                number(100 - sum(shares), 0),
            )
        )
    busy = [before.busy] if before.busy else []
    return Table(
        f"floor: where the training goes, in seconds of a core, {before.cores} cores",
        ("study", "trials", "trained", "arithmetic", "%", "narrow", "%", "rest", "%"),
        tuple(rows),
        (
            "trained: all runs, without compiling or loading; arithmetic: their matrix products at "
            "the peak; narrow: the same networks two units wide, so as many steps, calls and "
            "batches, measured on one core alone; rest: what is elementwise, memory traffic, and "
            "each run's set-up",
            *busy,
        ),
    )


def _data(taken: Taken) -> dict[str, Any]:
    return {
        "study": asdict(taken.study),
        "peaks": [[{**asdict(p), "seconds": s} for p, s in one.items()] for one in taken.peaks],
        "narrow": [
            [{**asdict(one), **asdict(timed)} for one, timed in lap.items()] for lap in taken.narrow
        ],
        "laps": [asdict(lap) for lap in taken.laps],
        "parts": [
            dict(zip(("arithmetic", "steps", "trained"), parts(taken, *one), strict=True))
            for one in taken.warm()
        ],
    }


def _training(taken: Taken, before: Machine) -> Table:
    study, chosen, sizes, peaks = taken.study, taken.chosen, taken.sizes, taken.peaks
    each = {repeat: _epochs(lap) for repeat, lap in taken.warm()}
    full = {one.depth: one for one in chosen if one.subset == "all"}
    rows = []
    for one in sorted(chosen, key=lambda c: (c.depth, c.subset)):
        work = operations(one, sizes)
        top = [rate(one, sizes, peaks[repeat]) for repeat in each]
        shares = [work / times[one] / rate(one, sizes, peaks[r]) for r, times in each.items()]
        beside = [
            times[one] / times[full[one.depth]] for times in each.values() if one.depth in full
        ]
        rows.append(
            (
                f"{one.subset}, depth {one.depth}",
                number(median(times[one] for times in each.values()), 3),
                number(work / 1e9),
                number(median(work / times[one] for times in each.values()) / 1e9),
                number(median(top) / 1e9),
                number(100 * median(shares), 0),
                number(median(beside) if beside else None, 2),
            )
        )
    busy = [before.busy] if before.busy else []
    return Table(
        f"floor: {study.name} on {before.cores} cores, one thread on each",
        ("network", "s an epoch", "GFLOP", "GFLOP/s", "peak", "% of peak", "of full"),
        tuple(rows),
        (
            "GFLOP: matrix products that an epoch of the subset cannot do without, its validation "
            "included; peak: one core's rate on the products of a full training step while all "
            "cores multiply; of full: seconds an epoch over full training's at the same depth",
            *busy,
        ),
    )


def _epochs(lap: Lap) -> Mapping[Configuration, float]:
    """Seconds an epoch of each run, compiling and loading left out."""
    runs: Sequence[Mapping[str, Any]] = lap.parts["runs"]
    return {
        Configuration(**run["configuration"]): (
            (run["seconds"]["total"] - run["seconds"]["compile"]) / run["epochs"]
        )
        for run in runs
    }
