"""What the benchmark `floor` measured, as tables: where training goes, and how near its peak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from hpstudy.bench.table import Table, number
from hpstudy.bench.taken import Taken, parts
from hpstudy.engine.devices import default_workers


def tables(every: Sequence[Taken]) -> Iterator[Table]:
    """Of the studies with a complete repeat; none where there is no such study."""
    complete = [one for one in every if any(one.warm())]
    if complete:
        yield _studies(complete)


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
