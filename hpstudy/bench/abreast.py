"""Epochs of given networks while all cores train the same one, each its own copy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from time import perf_counter

from hpstudy.bench.configurations import Configuration
from hpstudy.bench.epochs import job_of, workers
from hpstudy.bench.studies import Study
from hpstudy.engine.devices import default_workers
from hpstudy.engine.executor import Done, LocalExecutor, Rung
from hpstudy.errors import HpstudyError


def abreast(
    study: Study, chosen: Sequence[Configuration], folder: Path
) -> Iterator[tuple[Configuration, float]]:
    """Seconds of each configuration's second epoch, the mean over its copies.

    All begin it at the same moment. The first epoch pays for compiling and set-up.
    """
    copies = default_workers()
    with workers(replace(study, epochs=3), chosen, folder, copies) as (executor, configs):
        for one, config in zip(chosen, configs, strict=True):
            runs = [f"{one.subset}-{one.depth}-{copy}" for copy in range(copies)]
            for run in runs:
                executor.submit(job_of(config, run, 3), "")
            list(_ended(executor, copies, Rung))
            began = perf_counter()
            for run in runs:
                executor.answer(run, True)
            yield one, fmean(_ended(executor, copies, Rung)) - began
            for run in runs:
                executor.answer(run, False)
            list(_ended(executor, copies, Done))


def _ended(executor: LocalExecutor, wanted: int, kind: type[Rung] | type[Done]) -> Iterator[float]:
    """When each of the runs got to its rung, or to its end."""
    while wanted:
        for event in executor.wait():
            if isinstance(event, Done) and event.record["status"] != "pruned":
                raise HpstudyError(f"a network was not trained: {event.record['reason']}")
            if isinstance(event, kind):
                wanted -= 1
                yield perf_counter()
