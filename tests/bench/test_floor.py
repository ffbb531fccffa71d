"""Where the training of a study goes: arithmetic, steps, and the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hpstudy.bench.configurations import configurations
from hpstudy.bench.epochs import Epochs
from hpstudy.bench.laps import Lap
from hpstudy.bench.peers import COLD, WARM
from hpstudy.bench.products import Sizes, operations, step
from hpstudy.bench.studies import STUDIES
from hpstudy.bench.taken import UNITS, Taken, parts

RUNS = [{"seconds": {"total": 3.0, "compile": 1.0}}, {"seconds": {"total": 2.0, "compile": 0.5}}]


def test_parts_are_core_seconds_of_all_epochs_of_all_trials() -> None:
    study = replace(STUDIES["small"], trials=2, epochs=10)
    chosen, sizes = configurations(study, 2), Sizes(100, 10, 20, 5)
    # a peak of one billion operations a second, whatever the shapes
    peaks = {p: p.operations / 1e9 for one in chosen for p in step(one, sizes)}
    narrow = {replace(one, width=UNITS, learning_rate=0.01): Epochs(1.0, 0.02) for one in chosen}
    laps = [Lap(0, COLD, 2, 9.0), Lap(0, WARM, 2, 9.0, parts={"runs": RUNS})]
    taken = Taken(study, chosen, sizes, [peaks], [narrow], laps)
    ((repeat, lap),) = taken.warm()
    arithmetic, steps, trained = parts(taken, repeat, lap)
    work = sum(operations(one, sizes) for one in chosen)
    assert arithmetic == pytest.approx(10 * work / 1e9)
    assert steps == pytest.approx(10 * 2 * 0.02)
    assert trained == 3.5
