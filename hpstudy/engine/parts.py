"""A split's arrays as the engine reads them: on the device once, for every run and lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from hpstudy.engine.program import Data, chunks

CHUNK = 2048  # validation and test examples in one forward pass


@dataclass(frozen=True)
class Parts:
    """The training and validation parts on the device, and what metrics need to know of them."""

    data: Data
    y_train: Any
    y_val: Any
    task: str
    outputs: int
    scale: float
    variance: tuple[float, float]

    @classmethod
    def of(cls, split: Any, dtype: str, put: Callable[[Any], Any] = jax.device_put) -> Parts:
        """From the arrays of a `hpstudy.data` split; regression targets become (n, outputs).

        `put` takes each array to where it is read from.
        """
        task = split.shape.task
        y_train, y_val = (targets(task, y, dtype) for y in (split.y_train, split.y_val))
        parts = chunks(np.asarray(split.x_val, dtype), y_val, CHUNK, np.dtype(dtype))
        arrays = (np.asarray(split.x_train, dtype), y_train, *parts)
        variance = (1.0, 1.0) if task == "classification" else (_spread(y_train), _spread(y_val))
        data = Data(*map(put, arrays))
        return cls(
            data, y_train, y_val, task, split.shape.outputs, float(split.target_scale), variance
        )


def targets(task: str, values: Any, dtype: str) -> Any:
    """Class ids (n,) as int32, or numbers as (n, outputs)."""
    if task == "classification":
        return np.asarray(values, np.int32)
    return np.asarray(values, dtype).reshape(len(values), -1)


def _spread(values: Any) -> float:
    return float(np.square(values - values.mean(axis=0)).mean())
