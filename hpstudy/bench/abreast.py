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
    """Seconds of each configuration's epoch: the mean of its copies, the shortest of its epochs.

    All copies begin an epoch at the same moment, `study.epochs` times after a first one, which pays
    for compiling and set-up. The shortest, as the peak is: what others take is not counted.
    """
    copies = default_workers()
    longer = replace(study, epochs=study.epochs + 2)
    with workers(longer, chosen, folder, copies) as (executor, configs):
        for one, config in zip(chosen, configs, strict=True):
            runs = [f"{one.subset}-{one.depth}-{copy}" for copy in range(copies)]
            for run in runs:
                executor.submit(job_of(config, run, longer.epochs), "")
            yield one, min(list(_epochs(executor, runs, study.epochs + 1))[1:])


def _epochs(executor: LocalExecutor, runs: Sequence[str], count: int) -> Iterator[float]:
    """Seconds of each of the runs' first `count` epochs, the mean over the runs."""
    for epoch in range(1, count + 1):
        began = perf_counter()
        yield fmean(at - began for at in _ended(executor, len(runs), Rung))
        for run in runs:
            executor.answer(run, epoch < count)
    list(_ended(executor, len(runs), Done))


def _ended(executor: LocalExecutor, wanted: int, kind: type[Rung] | type[Done]) -> Iterator[float]:
    """When each of the runs got to its rung, or to its end."""
    while wanted:
        for event in executor.wait():
            if isinstance(event, Done) and event.record["status"] != "pruned":
                raise HpstudyError(f"a network was not trained: {event.record['reason']}")
            if isinstance(event, kind):
                wanted -= 1
                yield perf_counter()
