"""What every loader gives: raw examples, before anything is split or scaled."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from hpstudy.errors import DataError
from hpstudy.spec.declarations import DataShape

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True)
class Examples:
    """Raw examples: `x` numbers (images NHWC, tables n x features), `y` one label or target each.

    Class ids run from 0 to outputs - 1 and `names` names them; it is empty for regression.
    `official_test` is the (x, y) that the source itself keeps for testing, or None.
    """

    x: Array
    y: Array
    task: Literal["classification", "regression"]
    outputs: int
    names: tuple[str, ...] = ()
    official_test: tuple[Array, Array] | None = None

    @property
    def shape(self) -> DataShape:
        """One example's shape, the task and the output width."""
        return DataShape(tuple(self.x.shape[1:]), self.task, self.outputs)

    @property
    def official_size(self) -> int | None:
        """How many examples the official test split has; None where there is none."""
        return None if self.official_test is None else len(self.official_test[1])

    def digest(self) -> str:
        """32 hexadecimal digits that change with any value, type, class name or the test split."""
        text = hashlib.blake2b(digest_size=16)
        text.update(repr((self.task, self.outputs, self.names)).encode())
        for array in (self.x, self.y, *(self.official_test or ())):
            text.update(repr((array.dtype.str, array.shape)).encode())
            text.update(np.ascontiguousarray(array).data)
        return text.hexdigest()


def labelled(
    x: Array,
    labels: Array,
    official_test: tuple[Array, Array] | None = None,
    names: tuple[str, ...] | None = None,
) -> Examples:
    """Classification examples from labels of any kind: class ids follow the labels' sorted order.

    Raises DataError where the official test split holds a class that training never shows.
    """
    values, ids = np.unique(labels, return_inverse=True)
    if official_test is not None:
        test_x, test_labels = official_test
        for unseen in np.setdiff1d(test_labels, values)[:1].tolist():
            raise DataError(
                f"the test split has class {unseen!r}, which the training examples do not have; "
                f"those have {', '.join(str(value) for value in values[:20].tolist())}"
            )
        official_test = test_x, np.searchsorted(values, test_labels).astype(np.int32)
    found = tuple(str(value) for value in values.tolist())
    return Examples(
        x, ids.astype(np.int32), "classification", len(values), names or found, official_test
    )
