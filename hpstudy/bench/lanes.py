"""The benchmark `lanes`: runs trained side by side, beside `model.fit` and the memory floor."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from hpstudy.backends import Machine
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Findings
from hpstudy.bench.process import timed
from hpstudy.bench.studies import DIGITS, FASHION
from hpstudy.bench.table import Table, number
from hpstudy.errors import HpstudyError
from hpstudy.spec.study import Data

BATCH = 128
ON_GPU, ON_CPU, QUICK = (1, 8, 64, 256, 1024), (1, 4, 16), (1, 2, 4)


@dataclass(frozen=True)
class Net:
    """A network, what trains in it, and the most lanes that are worth their time."""

    name: str
    model: str
    train: str
    most: int = 1024


NETS = (
    Net("2x128 all", "type: mlp, depth: 2, width: 128", "all"),
    Net("2x128 batchnorm", "type: mlp, depth: 2, width: 128", "batchnorm"),
    Net("3x256 all", "type: mlp, depth: 3, width: 256", "all", 256),
    Net("4x784 all", "type: mlp, depth: 4, width: 784", "all", 64),
    Net("LeNet all", "type: lenet", "all", 64),
)
SMALL = (
    Net("2x16 all", "type: mlp, depth: 2, width: 16", "all"),
    Net("2x16 batchnorm", "type: mlp, depth: 2, width: 16", "batchnorm"),
)


def lanes(options: Options) -> Iterator[Findings]:
    """Run-epochs a second of each network; every network is measured in a process of its own."""
    gpu = bool(Machine.here().gpus("jax"))
    counts = QUICK if options.quick else ON_GPU if gpu else ON_CPU
    data, nets = (DIGITS, SMALL) if options.quick else (FASHION, NETS)
    notes = () if gpu else ("in a CPU's cache a small network moves faster than memory does",)
    found: list[Mapping[str, Any]] = []
    for net in nets:
        found.append(_measured(net, data, counts, gpu, options.laps))
        best = max(rate for laps in found[-1]["laps"].values() for rate in _rates(laps).values())
        yield Findings(
            tables(found, counts, data.name, notes),
            {"data": data.name, "networks": found},
            f"lanes: {net.name}, {_figure(best)} run-epochs a second at most",
        )


def _measured(net: Net, data: Data, counts: Sequence[int], gpu: bool, laps: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        lanes = [count for count in counts if count <= net.most]
        asked = {"net": asdict(net), "data": asdict(data), "lanes": lanes, "laps": laps}
        (Path(folder) / "asked.json").write_text(json.dumps({**asked, "gpu": gpu, "batch": BATCH}))
        ended = timed("hpstudy.bench.laned", [folder], gpu=gpu)
        if ended.failure:
            raise HpstudyError(f"lanes: {net.name} failed: {ended.failure}")
        result: dict[str, Any] = json.loads((Path(folder) / "result.json").read_text())
    return {"network": net.name, **result}


def tables(
    found: Sequence[Mapping[str, Any]], counts: Sequence[int], data: str, notes: tuple[str, ...]
) -> tuple[Table, ...]:
    """For each precision of products a row for each network; what is read, under the last."""
    device, bandwidth = found[0]["device"], found[0]["bandwidth"]
    precisions = list(found[0]["laps"])
    read = (
        f"on {device}; columns of numbers: run-epochs a second in so many lanes; fit: by "
        f"model.fit; x fit: the fastest over model.fit; floor: what copying at the measured "
        f"{number(bandwidth / 1e9, 0)} GB/s would allow, of bytes that a step of one run has to "
        "move (trained values, optimizer state and layer states read and written, frozen values "
        "behind the prefix and the batch's examples read, the outputs of layers with a kernel "
        "written and read); x floor: floor over the fastest; a dash: not enough memory, or not "
        "measured"
    )
    return tuple(
        Table(
            f"lanes: run-epochs a second on {data}, batch {BATCH}, {precision} products",
            ("network", "fit", *map(str, counts), "x fit", "floor", "x floor"),
            tuple(
                _row(one["network"], one["laps"][precision], one["floor"], counts) for one in found
            ),
            (read, *notes) if precision == precisions[-1] else (),
        )
        for precision in precisions
    )


def _row(
    network: str, laps: Sequence[Mapping[str, float]], floor: float, counts: Sequence[int]
) -> tuple[str, ...]:
    rates = _rates(laps)
    best = max(rate for key, rate in rates.items() if key != "fit")
    return (
        network,
        _figure(rates["fit"]),
        *(_figure(rates.get(str(count))) for count in counts),
        _figure(best / rates["fit"]),
        _figure(1 / floor),
        _figure(1 / floor / best),
    )


def _rates(laps: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {key: median(lap[key] for lap in laps) for key in laps[0]}


def _figure(rate: float | None) -> str:
    """Three digits, so that a row of figures fits a terminal of 80 columns."""
    return number(rate, 0 if rate is None or rate >= 100 else 1 if rate >= 10 else 2)
