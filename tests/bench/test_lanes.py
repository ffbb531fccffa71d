"""The table of lanes fits a terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from hpstudy.bench import table
from hpstudy.bench.lanes import NETS, ON_CPU, ON_GPU, tables


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def measured(name: str, counts: tuple[int, ...], precisions: tuple[str, ...]) -> dict[str, Any]:
    lap = {"fit": 1.7, **{str(count): 13.456 * count for count in counts}}
    found = {"network": name, "device": "NVIDIA H100 80GB HBM3", "bandwidth": 2.6e12}
    return {**found, "floor": 1 / 23456.7, "laps": {name: [lap] for name in precisions}}


@pytest.mark.parametrize("counts", [ON_GPU, ON_CPU])
def test_the_table_fits_eighty_columns(
    counts: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    precisions = ("float32", "tf32") if counts == ON_GPU else ("float32",)
    found = tables(
        [measured(net.name, counts, precisions) for net in NETS], counts, "fashion_mnist", ()
    )
    assert len(found) == len(precisions)
    monkeypatch.setenv("COLUMNS", "80")
    for one in found:
        plain = table.lines(one)
        assert max(map(len, plain)) <= 80
        stream = Terminal()
        table.show(one, stream)
        drawn = [
            line.split() for line in re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()
        ]
        # a row of plain text is a row of the drawn table, so none is wrapped
        assert all(" ".join(row).split() in drawn for row in one.rows)
