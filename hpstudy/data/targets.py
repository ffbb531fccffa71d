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


def asked_task(value: Scalar) -> Task | None:
    """The task that `task:` names, or None where it is left to `guessed_task`."""
    for task in get_args(Task):
        if value == task:
            found: Task = task
            return found
    if value is None:
        return None
    raise DataError(f"data.task: must be classification or regression; saw {value!r}")


def guessed_task(y: Array, where: str) -> Task:
    """Classification for text, true/false, and whole numbers with at most 20 distinct values.

    Raises DataError for such numbers of which one occurs once: they may as well be a quantity.
    """
    if y.dtype.kind not in "iuf":
        return "classification"
    values, counts = np.unique(y, return_counts=True)
    if len(values) > MOST_CLASSES or np.any(values != np.round(values)):
        return "regression"
    single = values[counts == 1]
    if len(single):
        raise DataError(
            f"{where} holds {len(values)} different whole numbers, of which {len(single)}, such as "
            f"{single[0]:g}, {'occurs' if len(single) == 1 else 'occur'} once in {len(y)} "
            "examples; write task: regression where they are a quantity, task: classification "
            "where they are classes"
        )
    return "classification"


def as_numbers(y: Array, where: str) -> Array:
    """A regression target as float64; raises DataError where it is text."""
    if y.dtype.kind not in "biuf":
        raise DataError(f"{where} holds text such as {str(y[0])!r}; regression needs numbers")
    return y.astype(np.float64)
