"""The benchmark `report`: what `python -m hpstudy report` takes and leaves, as trials pile up."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.process import timed
from hpstudy.bench.table import Table, medians, number
from hpstudy.errors import HpstudyError


@dataclass(frozen=True)
class Shape:
    """A made-up study: about how many trials, over every arm at every depth."""

    trials: int
    arms: int
    depths: int

    @property
    def cells(self) -> int:
        return self.arms * self.depths


SHAPES = (Shape(100, 3, 4), Shape(1000, 3, 4), Shape(5000, 3, 4), Shape(5000, 7, 7))
QUICK = (Shape(12, 2, 1),)


@dataclass(frozen=True)
class Cost:
    """Seconds of one report and of opening the finished study, `report_mib` and `store_mib`."""

    repeat: int
    shape: Shape
    seconds: float
    processor: float | None
    open: float
    report_mib: float
    store_mib: float

    @property
    def words(self) -> str:
        """'1000 trials in 12 cells, 3.4 s'."""
        return f"{self.shape.trials} trials in {self.shape.cells} cells, {self.seconds:.1f} s"


def report(options: Options) -> Iterator[Findings]:
    """Finished studies without training, reported on in a fresh process each time."""
    shapes = QUICK if options.quick else SHAPES
    if options.trials:
        shapes = (Shape(options.trials, shapes[-1].arms, shapes[-1].depths),)
    costs: list[Cost] = []
    for shape in shapes:
        for cost in measured(shape, options.laps):
            costs.append(cost)
            news = f"report, repeat {cost.repeat + 1} of {options.laps}: {cost.words}"
            yield Findings((_table(costs),), {"laps": [asdict(one) for one in costs]}, news)


def measured(shape: Shape, repeats: int) -> Iterator[Cost]:
    """A study of a shape, made once, and its report made in every repeat."""
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        place = Path(folder)
        words = [str(n) for n in (shape.trials, shape.arms, shape.depths)]
        made = timed("hpstudy.bench.large", [folder, *words])
        if made.failure:
            raise HpstudyError(f"the study of {shape.trials} trials failed: {made.failure}")
        opened = json.loads((place / "result.json").read_text())["open"]
        store = _mebibytes(place / "study")
        for repeat in range(repeats):
            ended = timed("hpstudy", ["report", str(place / "study")])
            if ended.failure:
                raise HpstudyError(f"the report of {shape.trials} trials failed: {ended.failure}")
            size = _mebibytes(place / "study" / "report.html")
            yield Cost(repeat, shape, ended.seconds, ended.processor, opened, size, store)


def _table(costs: Sequence[Cost]) -> Table:
    shapes = {one.shape: [cost for cost in costs if cost.shape == one.shape] for one in costs}
    return Table(
        f"report: of studies made up, {medians(max(map(len, shapes.values())))}",
        ("trials", "cells", "seconds", "on cores", "report MiB", "store MiB", "open again s"),
        tuple(_row(shape, own) for shape, own in shapes.items()),
        (
            "seconds: `python -m hpstudy report`, its process included; on cores: of them, what "
            "the process spent computing; open again: `run` on the finished study, its imports "
            "left out; store: runs.jsonl, curves and arrays",
        ),
    )


def _row(shape: Shape, costs: Sequence[Cost]) -> tuple[str, ...]:
    spent = [one.processor for one in costs if one.processor is not None]
    return (
        f"{shape.trials:,}",
        str(shape.cells),
        number(median(one.seconds for one in costs)),
        number(median(spent) if spent else None),
        number(costs[0].report_mib, 2),
        number(costs[0].store_mib),
        number(costs[0].open, 2),
    )


def _mebibytes(path: Path) -> float:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 2**20
