"""The benchmark `subsets`: an epoch of each subset beside one of full training, in turn.

All cores train the same network at a time, as the peak is taken while all cores multiply: in a
study the neighbours differ, and with them the memory that they leave to each other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy.bench.abreast import abreast
from hpstudy.bench.configurations import configurations
from hpstudy.bench.cores import peak
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.products import of_study, operations, rate, step
from hpstudy.bench.studies import Study, sized
from hpstudy.bench.table import Table, medians, number
from hpstudy.engine.devices import default_workers

STUDY = "seed"

# what was measured of a network once, as it stands in JSON
Lap = Mapping[str, Any]


def subsets(options: Options) -> Iterator[Findings]:
    """Every network of the study `seed` in turn, and all of them in every repeat."""
    study = sized(STUDY, options)
    every = len(study.subsets) * len(study.depths)
    study = replace(study, trials=options.trials or every)
    found: list[Lap] = []
    for repeat in range(options.laps):
        for lap in _laps(study, repeat):
            found.append(lap)
            news = f"subsets, repeat {repeat + 1} of {options.laps}: {_words(lap)}"
            yield Findings((subsets_table(study, found),), {"laps": found}, news)


def _laps(study: Study, repeat: int) -> Iterator[Lap]:
    # a depth's subsets one after the other, so that an hour's drift is not in their ratio
    chosen = sorted(configurations(study, study.trials), key=lambda one: (one.depth, one.subset))
    sizes = of_study(study)
    products = list(dict.fromkeys(p for one in chosen for p in step(one, sizes)))
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        top = peak(products, Path(folder))
        for one, seconds in abreast(study, chosen, Path(folder) / "runs"):
            yield {
                "repeat": repeat,
                **asdict(one),
                "epoch": seconds,
                "operations": operations(one, sizes),
                "peak": rate(one, sizes, top),
            }


def _words(lap: Lap) -> str:
    return f"{_name(lap)}, {lap['epoch']:.2f} s an epoch"


def subsets_table(study: Study, found: Sequence[Lap]) -> Table:
    """A row for each network, its figures the medians over repeats."""
    named: dict[str, list[Lap]] = {}
    for lap in found:
        named.setdefault(_name(lap), []).append(lap)
    full = {(lap["repeat"], lap["depth"]): lap for lap in found if lap["subset"] == "all"}
    repeats = max(map(len, named.values()))
    return Table(
        f"subsets: {study.name} on {default_workers()} cores, the same network on each; "
        f"{medians(repeats)}",
        ("network", "s an epoch", "of full", "GFLOP", "GFLOP/s", "peak", "% of peak"),
        tuple(_row(name, own, full) for name, own in named.items()),
        (
            "s an epoch: its validation included, set-up and compiling not; "
            "of full: seconds over full training's at the same depth in the same repeat; GFLOP: "
            "matrix products that an epoch of the subset cannot do without; peak: one core's rate "
            "on the products of a full training step while all cores multiply",
        ),
    )


def _row(name: str, own: Sequence[Lap], full: Mapping[tuple[int, int], Lap]) -> tuple[str, ...]:
    work = own[0]["operations"]
    beside = [
        lap["epoch"] / full[place]["epoch"]
        for lap in own
        if (place := (lap["repeat"], lap["depth"])) in full
    ]
    return (
        name,
        number(median(lap["epoch"] for lap in own), 3),
        number(median(beside) if beside else None, 2),
        number(work / 1e9),
        number(median(work / lap["epoch"] for lap in own) / 1e9),
        number(median(lap["peak"] for lap in own) / 1e9),
        number(100 * median(work / lap["epoch"] / lap["peak"] for lap in own), 0),
    )


def _name(lap: Lap) -> str:
    return f"{lap['subset']}, depth {lap['depth']}"
