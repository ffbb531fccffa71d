"""Losses and the sums that metrics are made of; every number but the class count is traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

Loss = Callable[[Any, Any, Any], Any]
_LEAST = 1e-7  # of a probability, as in Keras


def cross_entropy(outputs: Any, targets: Any, smoothing: Any) -> Any:
    """Cross-entropy of logits (n, classes) and class ids (n,), one value an example.

    With `smoothing` s the target is 1 - s on the class plus s / classes on every class.
    """
    classes = outputs.shape[-1]
    # a comparison, where picking the class would make a scatter of the gradient
    hot = (targets[:, None] == jnp.arange(classes)).astype(outputs.dtype)
    goal = hot + smoothing * (1 / classes - hot)
    # written out: a log-softmax takes a third longer to compile with its step
    shifted = outputs - lax.stop_gradient(outputs.max(axis=-1, keepdims=True))
    return jnp.log(jnp.exp(shifted).sum(axis=-1)) - (goal * shifted).sum(axis=-1)


def cross_entropy_of_probabilities(outputs: Any, targets: Any, smoothing: Any) -> Any:
    """Cross-entropy of probabilities (n, classes), which Keras makes sum to 1 and keeps off 0."""
    classes = outputs.shape[-1]
    hot = (targets[:, None] == jnp.arange(classes)).astype(outputs.dtype)
    goal = hot + smoothing * (1 / classes - hot)
    shares = outputs / outputs.sum(axis=-1, keepdims=True)
    return -(goal * jnp.log(jnp.clip(shares, _LEAST, 1 - _LEAST))).sum(axis=-1)


def mse(outputs: Any, targets: Any, smoothing: Any) -> Any:
    """Squared error averaged over the outputs (n, k), one value an example."""
    return jnp.square(outputs - targets).mean(axis=-1)


def mae(outputs: Any, targets: Any, smoothing: Any) -> Any:
    """Absolute error averaged over the outputs (n, k), one value an example."""
    return jnp.abs(outputs - targets).mean(axis=-1)


def huber(outputs: Any, targets: Any, smoothing: Any) -> Any:
    """Huber's loss with its bend at 1 (Huber, 1964), one value an example."""
    error = jnp.abs(outputs - targets)
    bent = jnp.where(error <= 1, 0.5 * jnp.square(error), error - 0.5)
    return bent.mean(axis=-1)


LOSSES: dict[str, Loss] = {
    "cross_entropy": cross_entropy,
    "cross_entropy_of_probabilities": cross_entropy_of_probabilities,
    "mse": mse,
    "mae": mae,
    "huber": huber,
}


def loss_name(setting: str, task: str) -> str:
    """'auto' is cross-entropy for classes and squared error for numbers."""
    if setting == "auto":
        return "cross_entropy" if task == "classification" else "mse"
    return setting


def row(task: str, each: Any, outputs: Any, targets: Any, weights: Any) -> Any:
    """Weighted sums over a batch of examples, whose losses are `each`.

    (loss, count, correct) for classes, (loss, count, squared, absolute) else.
    """
    if task == "classification":
        measured = [(outputs.argmax(axis=-1) == targets).astype(outputs.dtype)]
    else:
        error = outputs - targets
        measured = [jnp.square(error).mean(axis=-1), jnp.abs(error).mean(axis=-1)]
    terms = (weights * each, weights, *(weights * one for one in measured))
    # in one reduction: XLA splits each sum of its own into several kernels to compile
    zero = np.zeros((), weights.dtype)
    return jnp.stack(lax.reduce(terms, (zero,) * len(terms), _added, (0,)))


def _added(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(map(lax.add, first, second))


def row_width(task: str) -> int:
    """Numbers in a row."""
    return 3 if task == "classification" else 4


def metrics(task: str, totals: Any, scale: float, variance: float) -> dict[str, float]:
    """Metrics from a row without its loss: accuracy, or mse and mae in the target's unit, and r2.

    `scale` turns standardised targets into their unit; `variance` is the mean squared deviation
    of the same split's standardised targets from their own mean.
    """
    count = float(totals[0])
    if task == "classification":
        return {"accuracy": float(totals[1]) / count}
    mean_squared, mean_absolute = float(totals[1]) / count, float(totals[2]) / count
    return {
        "mse": mean_squared * scale**2,
        "mae": mean_absolute * scale,
        "r2": 1 - mean_squared / variance,
    }


def logits(loss: str, outputs: Any) -> Any:
    """Outputs as they are stored: of probabilities, their logarithms."""
    if loss != "cross_entropy_of_probabilities":
        return outputs
    shares = outputs / outputs.sum(axis=-1, keepdims=True)
    return np.log(np.clip(shares, _LEAST, 1 - _LEAST))


def score_outputs(loss: str, outputs: Any, targets: Any, scale: float) -> dict[str, float]:
    """Loss (unsmoothed) and metrics of stored outputs, in NumPy and float64."""
    values = np.asarray(outputs, np.float64)
    if loss.startswith("cross_entropy"):
        shifted = values - values.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        picked = log_p[np.arange(len(values)), targets]
        hits = values.argmax(axis=-1) == targets
        return {"loss": float(-picked.mean()), "accuracy": float(hits.mean())}
    error = np.abs(values - targets)
    each = {
        "mse": np.square(error),
        "mae": error,
        "huber": np.where(error <= 1, 0.5 * np.square(error), error - 0.5),
    }
    variance = float(np.square(targets - targets.mean(axis=0)).mean())
    totals = np.array([1.0, each["mse"].mean(), each["mae"].mean()])
    return {"loss": float(each[loss].mean()), **metrics("regression", totals, scale, variance)}
