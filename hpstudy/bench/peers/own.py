"""hpstudy on a job's configurations: a whole study through the Python API, by the wall's clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from hpstudy import study
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.peers.job import Job, answer
from hpstudy.bench.peers.listed import RATE, listed
from hpstudy.engine.devices import Fleet
from hpstudy.phases import CellRun
from hpstudy.spec.study import Spec
from hpstudy.store import Event, Store


class Watch:
    """Notes when the study started, how many workers it has, and when each run began and ended."""

    def __init__(self) -> None:
        self.started_at, self.workers = 0.0, 1
        self.runs: list[tuple[float, float]] = []

    def doubted(self, words: str) -> None:
        pass

    def started(self, spec: Spec, cells: Mapping[str, CellRun], fleet: Fleet) -> None:
        self.started_at, self.workers = time.time(), fleet.workers

    def ended(self, event: Event, trained: bool) -> None:
        now = time.time()
        self.runs.append((now - event["seconds"].get("total", 0.0), now))

    def waiting(self) -> None:
        pass


def main() -> None:
    """Run the study, and answer with its scores and where its time went."""
    job, watch = Job.read(), Watch()
    spec = listed(job.study, job.configurations, job.folder)
    study.run(spec, job.folder / "study", cache=job.cache, progress=watch)
    events = [event for event in Store(job.folder / "study").events() if event["event"] == "run"]
    failures = [event["reason"] for event in events if event["status"] == "failed"]
    if failures:
        raise RuntimeError(f"{len(failures)} runs failed; the first:\n{failures[0]}")
    scores = {_configuration(event): event["score"] for event in events}
    answer(
        job,
        min(began for began, _ in watch.runs),
        [scores[one] for one in job.configurations],
        workers=watch.workers,
        started=watch.started_at,
        first_ended=min(ended for _, ended in watch.runs),
        last_ended=max(ended for _, ended in watch.runs),
        runs=[_run(event) for event in events],
    )


def _configuration(event: Event) -> Configuration:
    config = event["config"]
    return Configuration(
        event["arm"],
        config["model.depth"],
        config["model.width"],
        config["training.batch_size"],
        config[RATE],
    )


def _run(event: Event) -> dict[str, Any]:
    return {
        "configuration": vars(_configuration(event)),
        "seconds": event["seconds"],
        "epochs": event["epochs"],
        "compilations": event["compilations"],
        "loads": event["cache_loads"],
    }


if __name__ == "__main__":
    main()
