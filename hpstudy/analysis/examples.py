"""The test split's own uncertainty: how far a paired difference could move with other examples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hpstudy.analysis.statistics import Floats
from hpstudy.store import Event, Store


def half_width(
    store: Store, pairs: Sequence[tuple[Event, Event]], task: str, metric: str
) -> float | None:
    """The image-side 95% half-width of a paired difference, in the metric's own unit.

    1.96 * sqrt(variance over the test examples / their number) of each example's paired
    difference averaged over seeds, as the claim averages it. Diverged runs count with the constant
    predictor's outputs; None where no predictions lie in the store.
    """
    differences = []
    for a, b in pairs:
        left, right = (_each(store, run, task, metric) for run in (a, b))
        if left is not None and right is not None and len(left) == len(right) > 1:
            differences.append(left - right)
    if not differences:
        return None
    each = np.mean(differences, axis=0)
    return 1.96 * math.sqrt(float(np.var(each, ddof=1)) / len(each))


def _each(store: Store, run: Event, task: str, metric: str) -> Floats | None:
    """One value per test example whose mean is the run's test metric (r2: up to a constant)."""
    arrays = store.arrays(run["run"])
    if not arrays and run.get("same_as"):
        arrays = store.arrays(run["same_as"])
    if "test_outputs" not in arrays or "test_labels" not in arrays:
        return None
    outputs = np.asarray(arrays["test_outputs"], dtype=np.float64)
    labels = np.asarray(arrays["test_labels"])
    if task == "classification":
        return _classification(outputs, labels.reshape(-1).astype(np.int64), metric)
    targets = labels.reshape(outputs.shape).astype(np.float64)
    errors = (outputs - targets).reshape(len(outputs), -1)
    if metric == "r2":
        return np.asarray(-np.mean(errors**2, axis=1) / np.var(targets), dtype=np.float64)
    each = np.mean(np.abs(errors) if metric == "mae" else errors**2, axis=1)
    # Predictions are stored standardised, metrics may be in the target's unit: match their means.
    reported = run["metrics"].get(f"test_{metric}")
    mean = float(np.mean(each))
    return np.asarray(each * (reported / mean if reported and mean else 1.0), dtype=np.float64)


def _classification(outputs: Floats, labels: npt.NDArray[np.int64], metric: str) -> Floats:
    if metric == "loss":
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        log_total = np.log(np.exp(shifted).sum(axis=1))
        return np.asarray(log_total - shifted[np.arange(len(labels)), labels], dtype=np.float64)
    return np.asarray(outputs.argmax(axis=1) == labels, dtype=np.float64)
