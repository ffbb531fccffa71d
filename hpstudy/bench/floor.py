"""The benchmark `floor`: how far training is from what the arithmetic alone would take."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy import data
from hpstudy.bench.configurations import Configuration, configurations
from hpstudy.bench.cores import Peak, peak
from hpstudy.bench.laps import Lap, of_peer
from hpstudy.bench.machine import Machine, machine
from hpstudy.bench.options import Options
from hpstudy.bench.peers import COLD, PEERS, WARM
from hpstudy.bench.products import Sizes, operations, rate, step
from hpstudy.bench.race import race
from hpstudy.bench.standing import time_table
from hpstudy.bench.studies import STUDIES, Study
from hpstudy.bench.table import Findings, Table, number
from hpstudy.errors import HpstudyError

NAME = "seed"


def floor(options: Options) -> Findings:
    """Training speed of the study `seed` beside the matrix-product peak at the same shapes.

    Peak and study are taken in turn, on all cores; only the warm run's times are used.
    """
    study = STUDIES[NAME].quick() if options.quick else STUDIES[NAME]
    study = replace(study, trials=options.trials or study.trials)
    chosen, sizes = configurations(study, study.trials), _sizes(study)
    products = list(dict.fromkeys(p for one in chosen for p in step(one, sizes)))
    before = machine()
    peaks: list[Peak] = []
    laps: list[Lap] = []
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        for repeat in range(options.laps):
            peaks.append(peak(products, Path(folder)))
            options.say(f"floor, repeat {repeat + 1}: {len(products)} products measured")
            place = Path(folder) / str(repeat)
            found = race(study, (PEERS[COLD], PEERS[WARM]), 1, None, place, options.say)
            laps += [replace(lap, repeat=repeat) for lap in found]
    failures = [lap.failure for lap in laps if lap.failure]
    if failures:
        raise HpstudyError(f"the study failed: {failures[0]}")
    shown = (_training(study, chosen, sizes, peaks, laps, before), time_table(study, laps))
    found_data = {
        "machine": asdict(before),
        "study": asdict(study),
        "peaks": [[{**asdict(p), "seconds": s} for p, s in one.items()] for one in peaks],
        "laps": [asdict(lap) for lap in laps],
    }
    return Findings(tuple(table for table in shown if table is not None), found_data)


def _training(
    study: Study,
    chosen: Sequence[Configuration],
    sizes: Sizes,
    peaks: Sequence[Peak],
    laps: Sequence[Lap],
    before: Machine,
) -> Table:
    each = {repeat: _epochs(lap) for repeat, lap in of_peer(laps, WARM).items()}
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


def _sizes(study: Study) -> Sizes:
    found = data.sizes(study.data)
    inputs = math.prod(found.shape.input_shape)
    return Sizes(found.train, found.validation, inputs, found.shape.outputs)
