"""The test split's own uncertainty: how far a paired difference could move with other examples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hpstudy.analysis.statistics import Floats


def half_width(differences: Sequence[Floats]) -> float | None:
    """The image-side 95% half-width of a paired difference, in the metric's own unit.

    1.96 * sqrt(variance over the test examples / their number) of each example's paired
    difference averaged over seeds, as the claim averages it; None without any difference.
    """
    if not differences:
        return None
    each = np.mean(differences, axis=0)
    return 1.96 * math.sqrt(float(np.var(each, ddof=1)) / len(each))


def differences(left: Floats | None, right: Floats | None) -> list[Floats]:
    """A pair's difference on each test example; none where no predictions lie in the store."""
    if left is None or right is None or len(left) != len(right) or len(left) < 2:
        return []
    return [left - right]


def per_example(
    outputs: npt.ArrayLike,
    labels: npt.ArrayLike,
    reported: float | None,
    task: str,
    metric: str,
) -> Floats:
    """One value per test example whose mean is the run's test metric (r2: up to a constant).

    Diverged runs count with the constant predictor's outputs, which are what they keep.
    """
    outputs, labels = np.asarray(outputs, dtype=np.float64), np.asarray(labels)
    if task == "classification":
        return _classification(outputs, labels.reshape(-1).astype(np.int64), metric)
    targets = labels.reshape(outputs.shape).astype(np.float64)
    errors = (outputs - targets).reshape(len(outputs), -1)
    if metric == "r2":
        return np.asarray(-np.mean(errors**2, axis=1) / np.var(targets), dtype=np.float64)
    each = np.mean(np.abs(errors) if metric == "mae" else errors**2, axis=1)
    # Predictions are stored standardised, metrics may be in the target's unit: match their means.
    mean = float(np.mean(each))
    return np.asarray(each * (reported / mean if reported and mean else 1.0), dtype=np.float64)


def _classification(outputs: Floats, labels: npt.NDArray[np.int64], metric: str) -> Floats:
    if metric == "loss":
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(shifted).sum(axis=1))
        return np.asarray(log_total - shifted[np.arange(len(labels)), labels], dtype=np.float64)
    return np.asarray(outputs.argmax(axis=1) == labels, dtype=np.float64)
