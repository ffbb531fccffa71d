"""A study that notes how much memory its processes hold after each run.

`python -m hpstudy.bench.resident JOB` answers as a peer does, with one row for each run: MiB of the
coordinator, then of each worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hpstudy import study
from hpstudy.bench.peers.job import Job, answer
from hpstudy.bench.peers.listed import listed
from hpstudy.study import Silent


class Memory(Silent):
    """Notes the resident memory of this process and of its children when a run ends."""

    def __init__(self) -> None:
        self.rows: list[list[float]] = []

    def ended(self, event: Mapping[str, Any], trained: bool) -> None:
        processes = [os.getpid(), *sorted(_children(os.getpid()))]
        self.rows.append([_mebibytes(process) for process in processes])


def main() -> None:
    """Run the job's configurations, and answer with the rows."""
    job, memory = Job.read(), Memory()
    spec = listed(job.study, job.configurations, job.folder)
    study.run(spec, job.folder / "study", cache=job.cache, progress=memory)
    answer(job, 0.0, [0.0] * len(memory.rows), rows=memory.rows)


def _children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                # the name before it is in brackets and may hold anything
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                yield int(entry.name)


def _mebibytes(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
