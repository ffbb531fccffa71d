"""Which names a source's text could ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy.spec.spelling import spelled

SOURCE = """
def build(hp, names=("depth", "width")):
    with hp.name_scope("block/inner"):
        hp.Int("units", 1, 8)
    for number in range(3):
        hp.Int(f"filters_{number}", 1, 8)
        hp.Int("kernel_" + str(number), 1, 8)
        hp.Int("pool_%d" % number, 1, 8)
        hp.Int("rate_{}_of_{}".format(number, 3), 1, 8)
    unknown = str(hp) + str(names)
"""


@pytest.mark.parametrize(
    ("name", "possible"),
    [
        ("depth", True),
        ("block/inner/units", True),
        ("filters_2", True),
        ("kernel_0", True),
        ("pool_1", True),
        ("rate_2_of_3", True),
        ("dept", False),
        ("unit", False),
        ("filter_2", False),
        ("blocks/inner/units", False),
        ("rate_2", False),
    ],
)
def test_names(name: str, possible: bool, tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(SOURCE)
    assert spelled([path])(name) is possible


def test_without_a_source_nothing_is_known() -> None:
    assert not spelled([])("units")
