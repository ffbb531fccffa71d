"""Gathered products: the gradients of plain autodiff, for the few entries that train."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hpstudy.subsets import gathered
from hpstudy.subsets.split import Parts, join, pad


@settings(max_examples=10, deadline=None)
@given(
    fan_in=st.integers(1, 9),
    units=st.integers(1, 7),
    picked=st.integers(0, 20),
    seed=st.integers(0, 9),
)
@example(fan_in=40, units=30, picked=200, seed=0)  # read in blocks
@example(fan_in=40, units=30, picked=128, seed=1)
@example(fan_in=400, units=30, picked=128, seed=1)  # too few for blocks
def test_gradients_equal_those_through_the_plain_join(
    fan_in: int, units: int, picked: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    kernel = draw.normal(size=(fan_in, units)).astype(np.float32)
    index = np.sort(draw.permutation(kernel.size)[:picked])
    parts = pad(Parts({"k": kernel}, {"k": kernel.ravel()[index]}, {"k": index}))
    x = draw.normal(size=(5, fan_in)).astype(np.float32)
    weights = draw.normal(size=(5, units)).astype(np.float32)

    def dense(x: jax.Array, theta: jax.Array) -> jax.Array:
        whole = join(parts.base, {"k": theta}, parts.indices)["k"]
        return jnp.sum(jnp.tanh(x @ whole) * weights)

    def few(x: jax.Array, theta: jax.Array) -> jax.Array:
        whole = join(parts.base, {"k": theta}, parts.indices)["k"]
        product = gathered.product(x, whole, theta, parts.indices["k"])
        return jnp.sum(jnp.tanh(product) * weights)

    ours, theirs = (
        jax.jit(jax.value_and_grad(f, argnums=(0, 1)))(x, parts.theta["k"]) for f in (few, dense)
    )
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    # padding trains nothing
    assert not np.asarray(ours[1][1])[picked:].any()


@pytest.mark.parametrize(
    ("fan_in", "units", "trained", "blocks"),
    [(40, 30, 128, True), (226, 30, 128, True), (227, 30, 128, False), (40, 30, 64, False)],
)
def test_columns_that_many_entries_share_are_read_in_blocks(
    fan_in: int, units: int, trained: int, blocks: bool
) -> None:
    kernel, index = jnp.zeros((fan_in, units)), jnp.arange(trained)

    def gradient(x: jax.Array, theta: jax.Array) -> jax.Array:
        return jax.grad(lambda one: gathered.product(x, kernel, one, index).sum())(theta)

    traced = jax.make_jaxpr(gradient)(jnp.zeros((5, fan_in)), jnp.zeros(trained))
    assert ("scan[" in str(traced)) is blocks


def test_only_dense_kernels_with_few_entries_gather() -> None:
    base = {"few": np.zeros((64, 64)), "many": np.zeros((64, 64)), "conv": np.zeros((3, 3, 8, 8))}
    indices = {"few": np.arange(128), "many": np.arange(129), "conv": np.arange(2)}
    assert gathered.paths(base, indices) == ["few"]


def test_entries_are_told_within_their_block_alone() -> None:
    with pytest.raises(RuntimeError), gathered.training({"a/kernel": (1, 2)}):
        assert gathered.of("a/kernel") == (1, 2)
        assert gathered.of("b/kernel") is None
        raise RuntimeError
    assert gathered.of("a/kernel") is None
