"""Batch normalisation on JAX with its gradient in closed form.

Autodiff through mean and variance makes about twice as many passes over the batch, and each is a
kernel to compile; the closed form (Ioffe and Szegedy 2015, arXiv 1502.03167, section 3) needs two
sums and one pass.
"""

from __future__ import annotations

from functools import cache
from typing import Any


def normalised(x: Any, gamma: Any, beta: Any, epsilon: Any, weights: Any) -> tuple[Any, Any, Any]:
    """(outputs, mean, variance) of x (batch, ..., units) over all axes but the last.

    `weights` (batch,) is 1 for real examples and 0 for padding, or None. The variance is the
    biased one. Mean and variance are for the moving statistics: no gradient flows through them.
    """
    outputs, mean, variance = _rule()(x, gamma, beta, epsilon, weights)
    return outputs, mean, variance


@cache
def _rule() -> Any:
    import jax

    def over(x: Any, weights: Any) -> tuple[Any, Any, Any]:
        """Axes to sum over, weights that broadcast against x, and how many values count."""
        axes = tuple(range(x.ndim - 1))
        if weights is None:
            return axes, 1, x.size // x.shape[-1]
        positions = x.size // (x.shape[0] * x.shape[-1])
        return axes, weights.reshape(-1, *(1,) * (x.ndim - 1)), weights.sum() * positions

    def forward(x: Any, gamma: Any, beta: Any, epsilon: Any, weights: Any) -> Any:
        axes, each, count = over(x, weights)
        mean = (each * x).sum(axes) / count
        centred = x - mean
        variance = (each * centred * centred).sum(axes) / count
        scale = jax.lax.rsqrt(variance + epsilon)
        outputs = centred * (scale * gamma) + beta
        return (outputs, mean, variance), (centred, scale, gamma, weights)

    def backward(kept: Any, gradients: Any) -> Any:
        centred, scale, gamma, weights = kept
        axes, each, count = over(centred, weights)
        gradient = gradients[0]
        beta = gradient.sum(axes)
        gamma_ = (gradient * centred).sum(axes) * scale
        inner = gradient - each * (beta + centred * (scale * gamma_)) / count
        return inner * (scale * gamma), gamma_, beta, None, None

    @jax.custom_vjp
    def normalise(x: Any, gamma: Any, beta: Any, epsilon: Any, weights: Any) -> Any:
        return forward(x, gamma, beta, epsilon, weights)[0]

    normalise.defvjp(forward, backward)
    return normalise
