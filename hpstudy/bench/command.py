"""The benchmarks by name, and what runs the ones that a user asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from hpstudy.bench.bookkeeping import bookkeeping
from hpstudy.bench.contest import contest
from hpstudy.bench.floor import floor
from hpstudy.bench.growth import growth
from hpstudy.bench.lanes import lanes
from hpstudy.bench.memory import memory
from hpstudy.bench.options import Options
from hpstudy.bench.report import report
from hpstudy.bench.studies import STUDIES
from hpstudy.bench.table import Findings, show
from hpstudy.errors import HpstudyError
from hpstudy.spec.problems import nearest


@dataclass(frozen=True)
class Bench:
    """A benchmark: one line about it, and what runs it."""

    doc: str
    run: Callable[[Options], Findings]


def _race(name: str) -> Bench:
    study = STUDIES[name]
    doc = f"{study.trials} trials of {study.epochs} epochs on {study.data.name}, beside the peers"
    return Bench(doc, partial(contest, name))


BENCHES: dict[str, Bench] = {
    **{name: _race(name) for name in STUDIES},
    "bookkeeping": Bench("a trial's cost beside its training, as trials pile up", bookkeeping),
    "report": Bench("a report's seconds and size, as trials and cells pile up", report),
    "memory": Bench("how processes grow over 500 runs of as many architectures", memory),
    "growth": Bench("what more trials, deeper and wider networks cost", growth),
    "floor": Bench("training time beside what its matrix products alone would take", floor),
    "lanes": Bench("run-epochs a second as more runs train side by side", lanes),
}


def run(names: Sequence[str], options: Options, stream: TextIO, kept: Path | None = None) -> bool:
    """Run benchmarks, show each when it ends; True where nothing failed.

    `kept` names a JSON file for every figure, written anew after each benchmark. No names: the
    three races. Raises HpstudyError for what cannot be run or kept, before anything runs.
    """
    for name in names:
        if name not in BENCHES:
            raise HpstudyError(f"unknown benchmark `{name}`; {nearest(name, list(BENCHES))}")
    found: dict[str, Findings] = {}
    if kept is not None:
        _keep(kept, found)
    for name in names or STUDIES:
        found[name] = BENCHES[name].run(options)
        for table in found[name].tables:
            show(table, stream)
        if kept is not None:
            _keep(kept, found)
    return not any(one.failed for one in found.values())


def _keep(path: Path, found: Mapping[str, Findings]) -> None:
    text = json.dumps({name: one.data for name, one in found.items()}, indent=1)
    try:
        path.write_text(text + "\n")
    except OSError as error:
        raise HpstudyError(f"{path}: cannot be written: {error.strerror}") from None
