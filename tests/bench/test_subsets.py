"""The table of subsets, of laps that are made up."""

from __future__ import annotations

from typing import Any

from hpstudy.bench.studies import STUDIES
from hpstudy.bench.subsets import subsets_table
from hpstudy.bench.table import Table


def lap(repeat: int, subset: str, epoch: float, depth: int = 2, **more: Any) -> dict[str, Any]:
    work = {"operations": 6e9, "peak": 100e9}
    return {"repeat": repeat, "depth": depth, "subset": subset, "epoch": epoch, **work, **more}


def row(table: Table, name: str) -> dict[str, str]:
    (found,) = (one for one in table.rows if one[0] == name)
    return dict(zip(table.columns, found, strict=True))


def test_a_figure_is_the_median_of_those_of_each_repeat() -> None:
    found = [
        *(lap(i, "all", epoch) for i, epoch in enumerate((0.1, 0.2, 0.4))),
        *(
            lap(i, "batchnorm", epoch, operations=4e9, peak=peak)
            for i, (epoch, peak) in enumerate([(0.09, 50e9), (0.1, 80e9), (0.1, 100e9)])
        ),
    ]
    table = subsets_table(STUDIES["seed"], found)
    assert table.title.endswith("; medians of 3")
    assert row(table, "all, depth 2") == {
        "network": "all, depth 2",
        "s an epoch": "0.200",
        "of full": "1.00",
        "GFLOP": "6.0",
        # of 60, 30 and 15
        "GFLOP/s": "30.0",
        "peak": "100.0",
        "% of peak": "30",
    }
    # 0.9, 0.5 and 0.25 of full training in the same repeat, where the medians are 0.1 and 0.2; and
    # 89%, 50% and 40% of the peak of the repeat
    few = row(table, "batchnorm, depth 2")
    assert (few["s an epoch"], few["of full"]) == ("0.100", "0.50")
    assert (few["GFLOP/s"], few["peak"], few["% of peak"]) == ("40.0", "80.0", "50")


def test_full_training_is_that_of_the_same_depth_and_repeat() -> None:
    found = [
        lap(0, "all", 0.4),
        lap(0, "all", 0.8, depth=4),
        lap(0, "output", 0.2),
        lap(0, "output", 0.2, depth=4),
        lap(1, "output", 0.1),
        lap(0, "gamma", 0.2, depth=6),
    ]
    table = subsets_table(STUDIES["seed"], found)
    assert row(table, "output, depth 2")["of full"] == "0.50"
    assert row(table, "output, depth 4")["of full"] == "0.25"
    assert row(table, "gamma, depth 6")["of full"] == "-"


def test_one_repeat_is_said_to_be_one() -> None:
    assert subsets_table(STUDIES["seed"], [lap(0, "all", 0.4)]).title.endswith("; taken once")
