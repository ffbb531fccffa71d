"""Scaling fitted on the training part alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hpstudy.data.examples import Array
from hpstudy.errors import DataError

SCALES = ("standard", "none")
# rows squared at once, so that float64 copies stay small
BLOCK = 4096


@dataclass(frozen=True)
class Scaling:
    """x -> (x - shift) / scale; where `constant`, the result is 0.

    A constant feature has nothing to teach, and dividing by its zero spread would blow up any
    other value that validation or test shows.
    """

    shift: Array
    scale: Array
    constant: Array

    def apply(self, x: Array) -> Array:
        """Scaled float32 values of the same shape."""
        scaled = np.empty(x.shape, np.float32)
        np.subtract(x, self.shift, out=scaled, dtype=np.float64, casting="unsafe")
        np.divide(scaled, self.scale, out=scaled, dtype=np.float64, casting="unsafe")
        if self.constant.any():
            scaled[..., self.constant] = 0
        return scaled


def fit(x_train: Array, kind: str) -> Scaling:
    """Mean and standard deviation: one pair for all pixels of images, one for each table column."""
    if kind == "none":
        features = x_train.shape[-1]
        return Scaling(np.zeros(features), np.ones(features), np.zeros(features, bool))
    images = x_train.ndim > 2
    mean, deviation = moments(x_train, None if images else (0,))
    axes = None if images else 0
    constant = np.asarray(x_train.min(axis=axes) == x_train.max(axis=axes))
    if images:
        constant = np.full(x_train.shape[-1], bool(constant))
    return Scaling(mean, np.where(deviation > 0, deviation, 1.0), constant)


def fit_targets(y_train: Array) -> tuple[float, float]:
    """(shift, scale) of regression targets; raises DataError where they are all equal."""
    if y_train.min() == y_train.max():
        raise DataError(
            f"the regression target is {float(y_train.min()):g} in all {len(y_train)} training "
            "examples; it must vary"
        )
    mean, deviation = moments(y_train, None)
    return float(mean), float(deviation)


def moments(x: Array, axes: tuple[int, ...] | None) -> tuple[Array, Array]:
    """Mean and population standard deviation over `axes` (which include the rows), in float64."""
    mean = np.asarray(x.mean(axis=axes, dtype=np.float64))
    squares = np.zeros_like(mean)
    for start in range(0, len(x), BLOCK):
        squares = squares + np.square(x[start : start + BLOCK] - mean).sum(axis=axes)
    return mean, np.sqrt(squares / (x.size // mean.size))
