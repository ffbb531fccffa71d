"""A user's own data: `.npz` arrays, or a `.csv` table with a target column."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hpstudy.data.examples import Array, Examples, labelled
from hpstudy.data.targets import Task, as_numbers, asked_task, guessed_task
from hpstudy.errors import DataError
from hpstudy.spec.space import Scalar

REQUIRED = ("x", "y")
OFFICIAL = ("x_test", "y_test")


def load(options: Mapping[str, Scalar]) -> Examples:
    """Examples from the file at `path`; raises DataError that names the file and the place."""
    if not options.get("path"):
        raise DataError("data.path: is missing; give the path of a .npz or .csv file")
    path = Path(str(options["path"]))
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    target, task = options.get("target"), asked_task(options.get("task"))
    if path.suffix == ".npz":
        if target is not None:
            raise DataError(
                f"data.target: is for .csv files; {path.name} holds its targets in the array y"
            )
        if "separator" in options:
            raise DataError("data.separator: is for .csv files; leave it out")
        return _npz(path, task)
    if path.suffix == ".csv":
        from hpstudy.data.tables import csv

        column = None if target is None else str(target)
        return csv(path, column, task, str(options.get("separator", "comma")))
    raise DataError(f"{path}: {path.suffix or 'no suffix'} is not read; .npz and .csv are")


def _npz(path: Path, asked: Task | None) -> Examples:
    arrays = _arrays(path)
    x, y = _inputs(path, "x", arrays["x"]), _targets(path, "y", arrays["y"], arrays["x"])
    official = None
    if "x_test" in arrays:
        official = (
            _inputs(path, "x_test", arrays["x_test"]),
            _targets(path, "y_test", arrays["y_test"], arrays["x_test"]),
        )
        if official[0].shape[1:] != x.shape[1:]:
            raise DataError(
                f"{path}: an example of x_test has the shape {official[0].shape[1:]}; "
                f"one of x has {x.shape[1:]}, and they must be equal"
            )
    task = asked or guessed_task(y, f"{path}: y")
    if task == "classification":
        return labelled(x, y, official)
    if official:
        official = official[0], as_numbers(official[1], f"{path}: y_test")
    return Examples(x, as_numbers(y, f"{path}: y"), task, 1, official_test=official)


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read as .npz without pickles: {error}") from None
    names = set(arrays)
    if names not in (set(REQUIRED), set(REQUIRED + OFFICIAL)):
        raise DataError(
            f"{path}: holds the arrays {', '.join(sorted(names)) or '(none)'}; "
            "x and y are expected, with x_test and y_test where there is an official test split"
        )
    return arrays


def _inputs(path: Path, name: str, x: Array) -> Array:
    if x.ndim not in (2, 3, 4) or x.dtype.kind not in "biuf" or 0 in x.shape:
        raise DataError(
            f"{path}: {name} has the shape {x.shape} and type {x.dtype}; numbers are expected, as "
            "(n, features), (n, height, width) or (n, height, width, channels), none of them 0"
        )
    _check_finite(path, name, x)
    if x.dtype.kind == "b":
        x = x.astype(np.uint8)
    return x[..., None] if x.ndim == 3 else x


def _targets(path: Path, name: str, y: Array, x: Array) -> Array:
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != x.shape[:1] or y.dtype.kind not in "biufU":
        one_hot = y.ndim == 2 and y.shape[:1] == x.shape[:1]
        hint = f"; save one-hot labels as np.argmax({name}, axis=1)" if one_hot else ""
        raise DataError(
            f"{path}: {name} has the shape {y.shape} and type {y.dtype}; {len(x)} labels or "
            f"numbers are expected, one for each example{hint}"
        )
    _check_finite(path, name, y)
    return y


def _check_finite(path: Path, name: str, array: Array) -> None:
    if array.dtype.kind != "f":
        return
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        raise DataError(
            f"{path}: {name}[{', '.join(map(str, place))}] is {array[place]}, one of {len(wrong)} "
            "values that are missing or infinite; every value must be a finite number"
        )
