"""The benchmark `floor`: how far training is from what the arithmetic alone would take."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from hpstudy.bench import race, shares
from hpstudy.bench.cores import peak
from hpstudy.bench.epochs import epochs
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.peers import COLD, PEERS, WARM
from hpstudy.bench.standing import time_table
from hpstudy.bench.studies import STUDIES, sized
from hpstudy.bench.taken import Taken
from hpstudy.errors import HpstudyError


def floor(options: Options) -> Iterator[Findings]:
    """Training speed of every study beside the matrix-product peak at the same shapes.

    Peak and study are taken in turn, on all cores; only the warm run's times are used.
    """
    every = [Taken.of(sized(name, options)) for name in options.only or STUDIES]
    for repeat in range(options.laps):
        for one in every:
            head = f"floor, repeat {repeat + 1} of {options.laps}: {one.study.name}"
            for news in _turn(one, repeat):
                times = (time_table(one.study, one.laps) for one in every)
                tables = (*shares.tables(every), *filter(None, times))
                data = {"studies": [one.as_json() for one in every]}
                yield Findings(tables, data, f"{head}, {news}")


def _turn(taken: Taken, repeat: int) -> Iterator[str]:
    """Take one repeat of a study; says each part of it that is complete."""
    study = taken.study
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        place = Path(folder)
        taken.peaks.append(peak(taken.products, place))
        top = max(product.operations / s for product, s in taken.peaks[-1].items())
        yield f"{len(taken.products)} products, {top / 1e9:.0f} GFLOP/s at best"
        narrow = epochs(replace(study, epochs=4), taken.narrowed, place / "narrow")
        taken.narrow.append(dict(narrow))
        mean = fmean(one.epoch for one in taken.narrow[-1].values())
        yield f"{len(taken.narrowed)} narrow networks, {1000 * mean:.0f} ms an epoch"
        for name in (COLD, WARM):
            lap = race.run(study, PEERS[name], study.trials, repeat, place / "race")
            if lap.failure:
                raise HpstudyError(f"the study {study.name} failed: {lap.failure}")
            taken.laps.append(lap)
            yield lap.words
