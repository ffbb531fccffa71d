"""The benchmark `memory`: how the processes of a study grow while new networks arrive."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean

from hpstudy.bench.configurations import configurations
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.peers.job import Job, result
from hpstudy.bench.process import timed
from hpstudy.bench.studies import DIGITS, Study
from hpstudy.bench.table import Table, number
from hpstudy.errors import HpstudyError

RUNS, QUICK = 500, 12


def memory(options: Options) -> Iterator[Findings]:
    """Resident memory over many runs, each of another architecture; Linux only.

    One study, and so one part: what grows over its runs is complete when they are.
    """
    if not Path("/proc/self/statm").exists():
        raise HpstudyError("the benchmark `memory` reads /proc, which this system does not have")
    runs = options.trials or (QUICK if options.quick else RUNS)
    study = Study("memory", DIGITS, epochs=1, trials=runs, widths=tuple(range(8, 8 + runs)))
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        place = Path(folder)
        job = Job(study, configurations(study, runs), place / "job", place / "cache")
        ended = timed("hpstudy.bench.resident", [str(job.write())])
        if ended.failure:
            raise HpstudyError(f"the study failed: {ended.failure}")
        rows: list[list[float]] = result(job.folder)["parts"]["rows"]
    news = f"memory: {runs} runs, {ended.seconds:.1f} s"
    yield Findings((_table(runs, rows),), {"rows": rows}, news)


def slope(values: Sequence[float]) -> float:
    """The growth from one value to the next, by least squares; 0 for fewer than two."""
    if len(values) < 2:
        return 0.0
    x, y = fmean(range(len(values))), fmean(values)
    spread = sum((i - x) ** 2 for i in range(len(values)))
    return sum((i - x) * (value - y) for i, value in enumerate(values)) / spread


def _table(runs: int, rows: Sequence[Sequence[float]]) -> Table:
    # a worker that starts late has no place in the first rows
    most = max(len(row) for row in rows)
    whole = [row for row in rows if len(row) == most]
    names = ["coordinator", *(f"worker {i}" for i in range(1, most))]
    return Table(
        f"memory: {runs} runs of as many architectures",
        ("process", "first MiB", "last MiB", "MiB a run", "second half"),
        tuple(_row(name, [row[i] for row in whole], i, most) for i, name in enumerate(names)),
        ("MiB a run: the slope of a least-squares line, for a worker over the runs of its own",),
    )


def _row(name: str, values: Sequence[float], place: int, processes: int) -> tuple[str, ...]:
    # all of the coordinator's runs are its own, of a worker's one in as many as there are workers
    share = processes - 1 if place else 1
    half = values[len(values) // 2 :]
    slopes = (number(share * slope(one), 3) for one in (values, half))
    return (name, number(values[0]), number(values[-1]), *slopes)
