"""The split on disk that workers map into memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hpstudy.data import Split, load
from hpstudy.data.shared import read, write
from hpstudy.errors import DataError
from hpstudy.spec.study import Data


@pytest.fixture(scope="module")
def split() -> Split:
    return load(Data("diabetes", 0.2, 0.2, 1))


def test_what_is_read_equals_what_was_written(split: Split, tmp_path: Path) -> None:
    places = write(split, tmp_path)
    stored = read(places["train"], places["test"])
    for name in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"):
        array = getattr(stored, name)
        assert isinstance(array, np.memmap) and not array.flags.writeable
        assert np.array_equal(array, getattr(split, name))
    for name in ("shape", "target_scale", "target_shift", "classes"):
        assert getattr(stored, name) == getattr(split, name)


def test_search_sees_no_test_part(split: Split, tmp_path: Path) -> None:
    places = write(split, tmp_path)
    stored = read(places["train"])
    assert stored.x_test is None and stored.y_test is None
    assert not Path(places["test"]).is_relative_to(places["train"])


def test_the_search_folder_does_not_depend_on_the_test_part(split: Split, tmp_path: Path) -> None:
    other = replace(split, y_test=split.y_test[::-1], x_test=split.x_test * 2, fingerprint="other")
    folders = [write(s, tmp_path / n)["train"] for s, n in ((split, "a"), (other, "b"))]
    contents = [{p.name: p.read_bytes() for p in Path(f).iterdir()} for f in folders]
    assert contents[0] == contents[1]
    assert len(contents[0]) == 5


def test_a_folder_without_a_split_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no stored split can be read: .*split\.json"):
        read(tmp_path)
