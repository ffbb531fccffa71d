"""What the benchmark `floor` measured, as tables: where training goes, and how near its peak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

from hpstudy.bench.configurations import Configuration
from hpstudy.bench.laps import Lap
from hpstudy.bench.products import operations, rate
from hpstudy.bench.table import Table, number
from hpstudy.bench.taken import Taken, parts
from hpstudy.engine.devices import default_workers

NETWORKS = "seed"  # few enough networks to be told one by one


def tables(every: Sequence[Taken]) -> Iterator[Table]:
    """Of the studies with a complete repeat; none where there is no such study."""
    complete = [one for one in every if any(one.warm())]
    if complete:
        yield _studies(complete)
    yield from (_networks(one) for one in complete if one.study.name == NETWORKS)


def _studies(taken: Sequence[Taken]) -> Table:
    rows = []
    for one in taken:
        found = [parts(one, repeat, lap) for repeat, lap in one.warm()]
        arithmetic, steps, trained = (median(column) for column in zip(*found, strict=True))
        rest = median(whole - first - second for first, second, whole in found)
        part = [median(100 * lap[place] / lap[2] for lap in found) for place in range(2)]
        rows.append(
            (
                one.study.name,
                str(one.study.trials),
                number(trained, 2),
                number(arithmetic, 2),
                number(part[0], 0),
                number(steps, 2),
                number(part[1], 0),
                number(rest, 2),
                number(100 - sum(part), 0),
            )
        )
    return Table(
        f"floor: where the training goes, in seconds of a core, {default_workers()} cores",
        ("study", "trials", "trained", "arithmetic", "%", "narrow", "%", "rest", "%"),
        tuple(rows),
        (
            "trained: all runs, without compiling or loading; arithmetic: their matrix products at "
            "the peak; narrow: the same networks two units wide, so as many steps, calls and "
            "batches, measured on one core alone; rest: what is elementwise, memory traffic, and "
            "each run's set-up",
        ),
    )


def _networks(taken: Taken) -> Table:
    study, chosen, sizes, peaks = taken.study, taken.chosen, taken.sizes, taken.peaks
    each = {repeat: _epochs(lap) for repeat, lap in taken.warm()}
    full = {one.depth: one for one in chosen if one.subset == "all"}
    rows = []
    for one in sorted(chosen, key=lambda c: (c.depth, c.subset)):
        work = operations(one, sizes)
        top = [rate(one, sizes, peaks[repeat]) for repeat in each]
        near = [work / times[one] / rate(one, sizes, peaks[r]) for r, times in each.items()]
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
                number(100 * median(near), 0),
                number(median(beside) if beside else None, 2),
            )
        )
    return Table(
        f"floor: {study.name} on {default_workers()} cores, one thread on each",
        ("network", "s an epoch", "GFLOP", "GFLOP/s", "peak", "% of peak", "of full"),
        tuple(rows),
        (
            "GFLOP: matrix products that an epoch of the subset cannot do without, its validation "
            "included; peak: one core's rate on the products of a full training step while all "
            "cores multiply; of full: seconds an epoch over full training's at the same depth",
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
