"""The turned gradient of a kernel with few units: the ordinary one's values, in another order."""

import os
from collections.abc import Callable, Sequence

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from hpstudy.hypermodels import layers, products


@pytest.mark.parametrize("shape", [(6, 5), (6, 4, 5)])
def test_gradients_are_those_of_an_ordinary_product(shape: tuple[int, ...]) -> None:
    draw = np.random.default_rng(1)
    x, kernel = (draw.standard_normal(s).astype("float32") for s in (shape, (5, 3)))
    away = draw.standard_normal((*shape[:-1], 3)).astype("float32")

    def gradients(product: Callable[..., jax.Array]) -> Sequence[jax.Array]:
        of_both = jax.grad(lambda x, k: (away * product(x, k)).sum(), (0, 1))
        return list(of_both(x, kernel))

    for own, ordinary in zip(gradients(products.product), gradients(jnp.matmul), strict=True):
        np.testing.assert_allclose(own, ordinary, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("units", "transposed"), [(10, False), (64, True)])
def test_xla_keeps_the_turned_order_of_few_units(units: int, transposed: bool) -> None:
    layer = layers.Dense(units, name=f"dense_{units}")
    layer.build((None, 48))
    bias = layer.bias.value

    def loss(kernel: jax.Array, x: jax.Array) -> jax.Array:
        outputs, _ = layer.stateless_call([kernel, bias], [], x)
        return jnp.square(outputs).sum()

    inputs = jnp.ones((48, units)), jnp.ones((16, 48))
    text = str(jax.jit(jax.grad(loss)).lower(*inputs).compile().as_text())
    assert ("lhs_contracting_dims={0}" in text) is transposed
