"""What a target column means: classes to tell apart, or a number to predict."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np

from hpstudy.data.examples import Array
from hpstudy.errors import DataError
from hpstudy.spec.space import Scalar

Task: TypeAlias = Literal["classification", "regression"]
# whole numbers with more distinct values than this are a quantity, unless `task:` says otherwise
MOST_CLASSES = 20
MOST_NAMED = 8  # classes that a message lists


def asked_task(value: Scalar) -> Task | None:
    """The task that `task:` names, or None where it is left to `guessed_task`."""
    for task in get_args(Task):
        if value == task:
            found: Task = task
            return found
    if value is None:
        return None
    raise DataError(f"data.task: must be classification or regression; saw {value!r}")


def guessed_task(y: Array) -> Task:
    """Classification for text, true/false, and whole numbers with at most 20 distinct values."""
    if y.dtype.kind not in "iuf":
        return "classification"
    whole = bool(np.all(y == np.round(y)))
    return "classification" if whole and len(np.unique(y)) <= MOST_CLASSES else "regression"


def check_classes(y: Array, where: str, guessed: bool) -> None:
    """Raise DataError where a class has a single example; `guessed` is whether the task is."""
    values, counts = np.unique(y, return_counts=True)
    single = [repr(value) for value in values[counts == 1].tolist()]
    if not single:
        return
    few = ", ".join(single[:MOST_NAMED]) + ", ..." * (len(single) > MOST_NAMED)
    what = f"class {few} has" if len(single) == 1 else f"{len(single)} classes ({few}) have"
    say = "which cannot be in both the training and the validation part; add to it or leave it out"
    if guessed and y.dtype.kind in "iuf":
        say += ", or write task: regression where the target is a quantity"
    raise DataError(f"{where}: {what} 1 example{' each' * (len(single) > 1)} of {len(y)}, {say}")


def as_numbers(y: Array, where: str) -> Array:
    """A regression target as float64; raises DataError where it is text."""
    if y.dtype.kind not in "biuf":
        raise DataError(f"{where} holds text such as {str(y[0])!r}; regression needs numbers")
    return y.astype(np.float64)
