"""A study whose runs end at once: what asking, recording, telling and mirroring cost alone.

`python -m hpstudy.bench.untrained FOLDER SAMPLER PRUNER TRIALS` leaves FOLDER/study, and in
FOLDER/result.json the seconds of each trial, the sampler's own asks apart.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from hpstudy import data, spec
from hpstudy.bench import asks
from hpstudy.bench.atonce import Bookkeeping
from hpstudy.bench.madeup import EPOCHS, Plain
from hpstudy.search.drivers import DRIVERS
from hpstudy.spec.study import Spec
from hpstudy.store import Store
from hpstudy.study import REGISTRIES, Silent

FILE = """\
# What does a trial cost beside its training?
name: untrained
data: {{name: digits, validation: 0.2, test: 0.2}}
model: {{type: mlp, depth: {{int: [1, 6]}}, width: {{int: [32, 256], log: true}}}}
training:
  length: {{epochs: {epochs}}}
  batch_size: {{choice: [32, 64, 128]}}
  learning_rate: {{float: [0.001, 1], log: true}}
arms: {{full: {{train: all}}}}
search: {{sampler: {sampler}, pruner: {pruner}, trials: {trials}}}
"""


class Ends(Silent):
    """Notes when each run was recorded and told."""

    def __init__(self) -> None:
        self.at: list[float] = []

    def ended(self, event: Mapping[str, Any], trained: bool) -> None:
        self.at.append(perf_counter())


def main() -> None:
    """Keep the books of a study of TRIALS trials, then open it again as `run` would."""
    folder, trials = Path(sys.argv[1]), int(sys.argv[4])
    DRIVERS["optuna"] = replace(DRIVERS["optuna"], build="hpstudy.bench.asks:build")
    study, ends = _study(folder, sys.argv[2], sys.argv[3], trials), Ends()
    store, split = Store(folder / "study"), data.load(study.data)
    spent = process_time()
    total = Bookkeeping(study, split, store, ends).keep(Plain())
    spent = process_time() - spent - sum(ask.processor for ask in asks.ASKS)
    times = [ask.seconds for ask in asks.ASKS]
    asks.ASKS.clear()
    began = perf_counter()
    Bookkeeping(study, split, store, Silent()).keep(Plain())
    opened = perf_counter() - began - sum(ask.seconds for ask in asks.ASKS)
    last = min(100, trials // 2)
    # with a window of q, trial n ends before trial n + q is asked
    inside = times[trials - last - 1 + _parallel(study) :]
    found = {
        "ask": sum(times) / trials,
        "ask_last": sum(times[-last:]) / last,
        "own_cores": spent / trials,
        "own": (total - sum(times)) / trials,
        "own_last": (ends.at[-1] - ends.at[-1 - last] - sum(inside)) / last,
        "open": opened,
        "last": last,
    }
    (folder / "result.json").write_text(json.dumps(found))


def _study(folder: Path, sampler: str, pruner: str, trials: int) -> Spec:
    path = folder / "untrained.yaml"
    path.write_text(FILE.format(epochs=EPOCHS, sampler=sampler, pruner=pruner, trials=trials))
    found = spec.load(path, REGISTRIES)
    (cell,) = found.cells
    assert cell.search is not None
    # no candidate goes on to choose and confirm: trials alone are counted
    return replace(found, cells=(replace(cell, search=replace(cell.search, choose_top=0)),))


def _parallel(study: Spec) -> int:
    search = study.cells[0].search
    return search.parallel if search else 1


if __name__ == "__main__":
    main()
