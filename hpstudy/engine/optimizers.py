"""SGD, Adam and AdamW as pure functions of arrays, with every scalar an input.

Keras bakes some scalars into the traced computation as Python constants; here none is, so a
changed learning rate, momentum, decay or beta never recompiles; sgd with and without decay are two
programs. The steps are those of Keras's own optimizers, and the parity tests hold them there, with
one difference told in `Numbers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Arrays = dict[str, Any]


class Numbers(NamedTuple):
    """An optimizer's scalars, each a traced input.

    `weight_decay` is coupled for sgd (an L2 term in the gradient, as in the ResNet papers; Keras's
    own `weight_decay` would be decoupled) and decoupled for adamw (Loshchilov and Hutter, 2019).
    `reach` is 1 / (1 - momentum): a gradient's steps in all, over its first.
    """

    momentum: Any
    reach: Any
    beta_1: Any
    beta_2: Any
    epsilon: Any
    weight_decay: Any

    @classmethod
    def from_config(cls, config: Mapping[str, Any], dtype: Any) -> Numbers:
        """The scalars of a run's `training.` settings; those that do not apply are zero."""
        names = ("momentum", "beta_1", "beta_2", "adam_epsilon", "weight_decay")
        momentum, *others = (float(config.get(f"training.{name}") or 0) for name in names)
        return cls(*map(dtype.type, (momentum, 1 / (1 - momentum), *others)))


class Moments(NamedTuple):
    """Optimizer state: one or two arrays for each trained array, and the steps that adam took.

    `first` is adam's mean gradient, or the point that sgd's trained array follows.
    """

    first: Arrays
    second: Arrays
    steps: Any


Update = Callable[[Arrays, Arrays, Moments, Any, Numbers], tuple[Arrays, Moments]]


@dataclass(frozen=True)
class Optimizer:
    """An update rule, and what the loss is multiplied by for it before it is differentiated."""

    update: Update
    factor: Callable[[Any, Numbers], Any] = lambda rate, numbers: 1


def kind(config: Mapping[str, Any]) -> str:
    """The entry of `OPTIMIZERS` that a run's `training.` settings ask for."""
    name = str(config["training.optimizer"])
    return f"decayed {name}" if name == "sgd" and config.get("training.weight_decay") else name


def start(kind: str, theta: Mapping[str, Any]) -> Moments:
    """The state before the first step, as NumPy arrays, for the trained arrays alone."""
    if kind.endswith("sgd"):
        return Moments({path: np.array(value) for path, value in theta.items()}, {}, np.int32(0))
    first, second = ({path: np.zeros_like(v) for path, v in theta.items()} for _ in range(2))
    return Moments(first, second, np.int32(0))


def stride(rate: Any, numbers: Numbers) -> Any:
    """How far, and against the gradient, the point moves that sgd's trained array follows."""
    return -rate * numbers.reach


def sgd(
    theta: Arrays, strides: Arrays, moments: Moments, rate: Any, numbers: Numbers
) -> tuple[Arrays, Moments]:
    """Heavy-ball SGD, its velocity v holding the rates that it was made with, as Keras's does.

    In place of v it keeps the point z = theta + momentum / (1 - momentum) * v, which moves by
    `strides`, gradients times `stride`, and which theta follows (Defazio, 2020, "Momentum via
    primal averaging"). The steps are the same, but gradients are added where they are computed:
    a pass over memory less on a GPU.
    """
    first = jax.tree.map(jnp.add, moments.first, strides)
    return _followed(theta, first, moments, numbers)


def decayed_sgd(
    theta: Arrays, strides: Arrays, moments: Moments, rate: Any, numbers: Numbers
) -> tuple[Arrays, Moments]:
    """As `sgd`, with weight_decay * theta in the gradient."""
    pull = stride(rate, numbers) * numbers.weight_decay
    first = jax.tree.map(lambda z, s, t: z + s + pull * t, moments.first, strides, theta)
    return _followed(theta, first, moments, numbers)


def _followed(
    theta: Arrays, first: Arrays, moments: Moments, numbers: Numbers
) -> tuple[Arrays, Moments]:
    # exactly z where both are equal, so what has no gradient stays what it is
    moved = jax.tree.map(lambda z, t: z + numbers.momentum * (t - z), first, theta)
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


OPTIMIZERS: dict[str, Optimizer] = {
    "sgd": Optimizer(sgd, stride),
    "decayed sgd": Optimizer(decayed_sgd, stride),
    "adam": Optimizer(adam),
    "adamw": Optimizer(adamw),
}
