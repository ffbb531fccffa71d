"""Compilations and epochs of given networks, each timed in a worker that has a core to itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

from hpstudy import data
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.peers.listed import listed
from hpstudy.bench.studies import Study
from hpstudy.data import shared
from hpstudy.engine.devices import Fleet
from hpstudy.engine.executor import Done, LocalExecutor, Rung
from hpstudy.engine.job import Job
from hpstudy.errors import HpstudyError
from hpstudy.search.driver import Outcome
from hpstudy.search.window import CellSearch
from hpstudy.spec.seeds import seeds


@dataclass(frozen=True)
class Epochs:
    """Seconds of a network: to compile its programs with nothing cached, and of an epoch.

    The epoch is the shortest of several, as the peak is: what another process takes is not counted.
    """

    compile: float
    epoch: float


def epochs(
    study: Study, chosen: Sequence[Configuration], folder: Path
) -> Iterator[tuple[Configuration, Epochs]]:
    """Each configuration in turn, trained once, `study.epochs` epochs long (3 or more)."""
    # the first one pays for what a worker does once, and is left out
    first = Configuration("all", 1, 3, chosen[0].batch_size, 0.01)
    with workers(study, [first, *chosen], folder, 1) as (executor, configs):
        _timed(executor, configs[0], study.epochs)
        for one, config in zip(chosen, configs[1:], strict=True):
            yield one, _timed(executor, config, study.epochs)


@contextmanager
def workers(
    study: Study, chosen: Sequence[Configuration], folder: Path, count: int
) -> Iterator[tuple[LocalExecutor, list[Mapping[str, Any]]]]:
    """So many workers on the study's data, and what they are told of each configuration."""
    apart = [replace(one, learning_rate=0.01 + i * 1e-6) for i, one in enumerate(chosen)]
    folder.mkdir(parents=True, exist_ok=True)
    configs = dict(_configs(study, apart, folder))
    split = data.load(study.data)
    folders = shared.write(split, folder / "data")
    start = {"data": str(folders["train"]), "cache": str(folder / "cache"), "dtype": "float32"}
    with LocalExecutor(Fleet(count), start, Path(folders["test"])) as executor:
        yield executor, [configs[one] for one in apart]


def job_of(config: Mapping[str, Any], run: str, count: int) -> Job:
    """A run of `count` epochs that says at each rung that an epoch is over; the last has none."""
    return Job(
        run=run,
        config=config,
        seeds=seeds(0, "search", 0),
        metric="accuracy",
        at="last",
        maximise=True,
        rungs=tuple(range(1, count)),
    )


def _timed(executor: LocalExecutor, config: Mapping[str, Any], count: int) -> Epochs:
    executor.submit(job_of(config, f"{config['training.learning_rate']:.6f}", count), "")
    marks: list[float] = []
    while True:
        for event in executor.wait():
            if isinstance(event, Rung):
                marks.append(perf_counter())
                executor.answer(event.run, True)
            elif isinstance(event, Done) and event.record["status"] != "finished":
                raise HpstudyError(f"a network was not trained: {event.record['reason']}")
            elif isinstance(event, Done):
                shortest = min(b - a for a, b in zip(marks[:-1], marks[1:], strict=True))
                return Epochs(float(event.record["seconds"]["compile"]), shortest)


def _configs(
    study: Study, chosen: Sequence[Configuration], folder: Path
) -> Iterator[tuple[Configuration, Mapping[str, Any]]]:
    for cell in listed(study, chosen, folder).cells:
        search = CellSearch(cell, True, lambda config: study.epochs)
        while (trial := search.next()) is not None:
            search.finish(trial.number, Outcome("finished", 0.5))
            config = trial.config
            rate: Any = config["training.learning_rate"]
            yield next(one for one in chosen if one.learning_rate == rate), config
