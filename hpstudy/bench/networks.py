"""What deeper and wider networks cost: compiling them, and an epoch, beside the peak of a core."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy.bench.configurations import Configuration
from hpstudy.bench.cores import peak
from hpstudy.bench.epochs import epochs
from hpstudy.bench.options import Options
from hpstudy.bench.products import of_study, operations, rate, step
from hpstudy.bench.studies import MNIST, Study
from hpstudy.bench.table import Table, number

DEPTHS, WIDTHS = (2, 4, 8, 16), (64, 128, 256, 512, 1024)
DEPTH, WIDTH = 4, 256  # of the networks whose width, or depth, grows
STUDY = Study("growth", MNIST, epochs=6, trials=0, batch_sizes=(128,))

# what was measured of a network once, as it stands in JSON
Lap = Mapping[str, Any]


def laps(options: Options) -> Iterator[Lap]:
    """Each network in turn, and all of them in every repeat."""
    study = replace(STUDY.quick(), batch_sizes=(128,)) if options.quick else STUDY
    chosen, sizes = _chosen(options.quick), of_study(study)
    products = list(dict.fromkeys(p for one in chosen for p in step(one, sizes)))
    for repeat in range(options.laps):
        with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
            top = peak(products, Path(folder), alone=True)
            for one, timed in epochs(study, chosen, Path(folder) / "epochs"):
                yield {
                    "repeat": repeat,
                    **asdict(one),
                    **asdict(timed),
                    "operations": operations(one, sizes),
                    "peak": rate(one, sizes, top),
                }


def words(lap: Lap) -> str:
    """'all, depth 4, width 256: compiled in 1.24 s, 30.2 ms an epoch'."""
    timed = f"compiled in {lap['compile']:.2f} s, {1000 * lap['epoch']:.1f} ms an epoch"
    return f"{_name(lap)}: {timed}"


def table(found: Sequence[Lap]) -> Table:
    """A row for each network, medians over its laps."""
    named: dict[str, list[Lap]] = {}
    for lap in found:
        named.setdefault(_name(lap), []).append(lap)
    return Table(
        "growth: against depth and width, one thread on one core, batch 128",
        ("network", "compile s", "ms an epoch", "GFLOP", "GFLOP/s", "peak", "% of peak"),
        tuple(_row(name, own) for name, own in named.items()),
        (
            "compile: with an empty cache, all programs of the network; an epoch: the shortest of "
            "a run's, its validation included; GFLOP and peak: as in `floor`, but one core alone",
        ),
    )


def _row(name: str, own: Sequence[Lap]) -> tuple[str, ...]:
    work = own[0]["operations"]
    return (
        name,
        number(median(lap["compile"] for lap in own), 2),
        number(1000 * median(lap["epoch"] for lap in own)),
        number(work / 1e9, 2),
        number(median(work / lap["epoch"] for lap in own) / 1e9),
        number(median(lap["peak"] for lap in own) / 1e9),
        number(100 * median(work / lap["epoch"] / lap["peak"] for lap in own), 0),
    )


def _name(lap: Lap) -> str:
    return f"{lap['subset']}, depth {lap['depth']}, width {lap['width']}"


def _chosen(quick: bool) -> list[Configuration]:
    depths, widths = ((2, 4), (64, 128)) if quick else (DEPTHS, WIDTHS)
    depth, width = (2, 64) if quick else (DEPTH, WIDTH)
    sizes = [*((one, width) for one in depths), *((depth, one) for one in widths)]
    return [
        Configuration(subset, deep, wide, 128, 0.01)
        for deep, wide in dict.fromkeys(sizes)
        for subset in ("all", "batchnorm")
    ]
