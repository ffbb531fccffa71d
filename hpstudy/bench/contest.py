"""The benchmarks `small`, `full` and `seed`: a study's race, from the options to its tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from hpstudy.bench.configurations import configurations
from hpstudy.bench.laps import Lap
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.peers import chosen
from hpstudy.bench.race import race
from hpstudy.bench.standing import peers_table, time_table
from hpstudy.bench.studies import sized


def contest(name: str, options: Options) -> Iterator[Findings]:
    """Race the peers on the study `name`; raises MissingPackage for a named peer that cannot."""
    study = sized(name, options)
    peers, notes = chosen(options.peers)
    laps: list[Lap] = []
    for lap in race(study, peers, options.laps, options.slow_trials):
        laps.append(lap)
        tables = (peers_table(study, peers, laps, notes), time_table(study, laps))
        data = {
            "study": asdict(study),
            "configurations": [asdict(one) for one in configurations(study, study.trials)],
            "laps": [{**asdict(one), "seconds": one.seconds(study.trials)} for one in laps],
        }
        yield Findings(
            tuple(one for one in tables if one is not None),
            data,
            f"{name}, repeat {lap.repeat + 1} of {options.laps}: {lap.words}",
            any(one.failure for one in laps),
        )
