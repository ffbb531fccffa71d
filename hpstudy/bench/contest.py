"""The benchmarks `small`, `full` and `seed`: a study's race, from the options to its tables."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from hpstudy.bench.configurations import configurations
from hpstudy.bench.machine import machine
from hpstudy.bench.options import Options
from hpstudy.bench.peers import chosen
from hpstudy.bench.race import race
from hpstudy.bench.standing import peers_table, time_table
from hpstudy.bench.studies import STUDIES
from hpstudy.bench.table import Findings


def contest(name: str, options: Options) -> Findings:
    """Race the peers on the study `name`; raises MissingPackage for a named peer that cannot."""
    study = STUDIES[name].quick() if options.quick else STUDIES[name]
    study = replace(study, trials=options.trials or study.trials)
    peers, notes = chosen(options.peers)
    before = machine()
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        laps = race(study, peers, options.laps, options.slow_trials, Path(folder), options.say)
    if before.busy:
        notes.append(before.busy)
    shown = (peers_table(study, peers, laps, notes), time_table(study, laps))
    data = {
        "machine": asdict(before),
        "study": asdict(study),
        "configurations": [asdict(one) for one in configurations(study, study.trials)],
        "laps": [{**asdict(lap), "seconds": lap.seconds(study.trials)} for lap in laps],
    }
    tables = tuple(table for table in shown if table is not None)
    return Findings(tables, data, any(lap.failure for lap in laps))
