"""Activations of our own are Keras's, with their gradients."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from hpstudy.hypermodels import activations

SHAPES = [(5, 4), (2, 3, 3, 4)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("laned", [False, True])
def test_relu_and_its_gradient_are_keras_s(shape: tuple[int, ...], laned: bool) -> None:
    drawn = np.random.default_rng(1)
    x = jnp.asarray(drawn.integers(-2, 3, shape), "float32")  # some are 0
    weights = jnp.asarray(drawn.standard_normal(shape), "float32")

    def gradients(function: object) -> tuple[jax.Array, jax.Array]:
        def both(x: jax.Array) -> tuple[jax.Array, jax.Array]:
            outputs, back = jax.vjp(function, x)
            return outputs, back(weights)[0]

        return jax.vmap(both)(jnp.stack([x, -x])) if laned else both(x)

    for ours, theirs in zip(gradients(activations.relu), gradients(keras.ops.relu), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_tanh_keeps_its_precision(precision: str) -> None:
    x = np.linspace(-3, 3, 7).astype(precision)
    found = np.asarray(activations.tanh(jnp.asarray(x)))
    assert found.dtype == precision
    np.testing.assert_allclose(found, np.tanh(x), rtol=1e-14 if precision == "float64" else 1e-6)
