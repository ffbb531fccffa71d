"""SGD, Adam and AdamW as pure functions of arrays, with every scalar an input.

Keras bakes some scalars into the traced computation as Python constants; here none is, so a
changed learning rate, momentum, decay or beta never recompiles. The arithmetic follows Keras's own
optimizers, and the parity tests hold it there, with one difference told in `Numbers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

Arrays = dict[str, Any]


class Numbers(NamedTuple):
    """An optimizer's scalars, each a traced input.

    `weight_decay` is coupled for sgd (an L2 term in the gradient, as in the ResNet papers; Keras's
    own `weight_decay` would be decoupled) and decoupled for adamw (Loshchilov and Hutter, 2019).
    """

    momentum: Any
    beta_1: Any
    beta_2: Any
    epsilon: Any
    weight_decay: Any

    @classmethod
    def from_config(cls, config: Mapping[str, Any], dtype: Any) -> Numbers:
        """The scalars of a run's `training.` settings; those that do not apply are zero."""
        names = ("momentum", "beta_1", "beta_2", "adam_epsilon", "weight_decay")
        values = [config.get(f"training.{name}") or 0.0 for name in names]
        return cls(*(dtype.type(value) for value in values))


class Moments(NamedTuple):
    """Optimizer state: one or two arrays for each trained array, and the steps that adam took."""

    first: Arrays
    second: Arrays
    steps: Any


Update = Callable[[Arrays, Arrays, Moments, Any, Numbers], tuple[Arrays, Moments]]


def start(kind: str, theta: Mapping[str, Any]) -> Moments:
    """Zero moments, as NumPy arrays, for the trained arrays alone."""
    import numpy as np

    first = {path: np.zeros_like(value) for path, value in theta.items()}
    second = {} if kind == "sgd" else {path: np.zeros_like(v) for path, v in theta.items()}
    return Moments(first, second, np.int32(0))


def sgd(
    theta: Arrays, gradients: Arrays, moments: Moments, rate: Any, numbers: Numbers
) -> tuple[Arrays, Moments]:
    """Heavy-ball SGD as in Keras: the velocity holds the learning rate that it was made with."""
    decayed = jax.tree.map(lambda g, t: g + numbers.weight_decay * t, gradients, theta)
    first = jax.tree.map(lambda m, g: numbers.momentum * m - rate * g, moments.first, decayed)
    moved = jax.tree.map(jnp.add, theta, first)
    return moved, Moments(first, moments.second, moments.steps)


def adam(
    theta: Arrays, gradients: Arrays, moments: Moments, rate: Any, numbers: Numbers
) -> tuple[Arrays, Moments]:
    """Adam (Kingma and Ba, 2015) in Keras's form: the bias corrections go into the rate."""
    steps = moments.steps + 1
    power = steps.astype(rate.dtype)
    scale = jnp.sqrt(1 - numbers.beta_2**power) / (1 - numbers.beta_1**power)
    first = jax.tree.map(lambda m, g: m + (g - m) * (1 - numbers.beta_1), moments.first, gradients)
    second = jax.tree.map(
        lambda v, g: v + (g * g - v) * (1 - numbers.beta_2), moments.second, gradients
    )
    moved = jax.tree.map(
        lambda t, m, v: t - m * (rate * scale) / (jnp.sqrt(v) + numbers.epsilon),
        theta,
        first,
        second,
    )
    return moved, Moments(first, second, steps)


def adamw(
    theta: Arrays, gradients: Arrays, moments: Moments, rate: Any, numbers: Numbers
) -> tuple[Arrays, Moments]:
    """Adam after a decay of the trained values by rate * weight_decay."""
    shrunk = jax.tree.map(lambda t: t - t * numbers.weight_decay * rate, theta)
    return adam(shrunk, gradients, moments, rate, numbers)


OPTIMIZERS: dict[str, Update] = {"sgd": sgd, "adam": adam, "adamw": adamw}
