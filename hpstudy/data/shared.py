"""A split on disk that worker processes map into memory: one copy for all of them.

Train and validation lie in one folder, the test part in another. A search worker is told the
first alone; nothing in it depends on an official test split.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hpstudy.data.examples import Array
from hpstudy.data.splits import Split
from hpstudy.errors import DataError
from hpstudy.spec.declarations import DataShape

SEARCH = ("x_train", "y_train", "x_val", "y_val")
TEST = ("x_test", "y_test")


@dataclass(frozen=True)
class Stored:
    """A stored split's arrays, read-only and mapped; `x_test`, `y_test` are None in search."""

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    x_test: Array | None
    y_test: Array | None
    shape: DataShape
    target_scale: float
    target_shift: float
    classes: tuple[str, ...]


def write(split: Split, folder: str | Path) -> dict[str, Any]:
    """Store a split below `folder`; gives the paths {'train': ..., 'test': ...} for `read`."""
    folder_train, folder_test = Path(folder) / "search", Path(folder) / "test"
    for place, names in ((folder_train, SEARCH), (folder_test, TEST)):
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            np.save(place / f"{name}.npy", getattr(split, name), allow_pickle=False)
    about = {
        "shape": asdict(split.shape),
        "target_scale": split.target_scale,
        "target_shift": split.target_shift,
        "classes": split.classes,
    }
    (folder_train / "split.json").write_text(json.dumps(about))
    return {"train": str(folder_train), "test": str(folder_test)}


def read(folder_train: str | Path, folder_test: str | Path | None = None) -> Stored:
    """The arrays that `write` stored, mapped into memory; without `folder_test` no test part."""
    try:
        about = json.loads((Path(folder_train) / "split.json").read_text())
        x_train, y_train, x_val, y_val = (_mapped(folder_train, name) for name in SEARCH)
        x_test, y_test = (
            _mapped(folder_test, name) if folder_test is not None else None for name in TEST
        )
    except (OSError, ValueError) as error:
        raise DataError(f"no stored split can be read: {error}") from None
    shape = about["shape"]
    return Stored(
        x_train=x_train,
        y_train=y_train,
        x_val=x_val,
        y_val=y_val,
        x_test=x_test,
        y_test=y_test,
        shape=DataShape(tuple(shape["input_shape"]), shape["task"], shape["outputs"]),
        target_scale=about["target_scale"],
        target_shift=about["target_shift"],
        classes=tuple(about["classes"]),
    )


def _mapped(folder: str | Path, name: str) -> Array:
    array: Array = np.load(Path(folder) / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return array
