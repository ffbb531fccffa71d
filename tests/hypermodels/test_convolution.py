"""Convolutions as products are the convolution, with its gradients."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels.convolution import (
    ACROSS,
    Convolution,
    chosen,
    in_lanes,
    in_packs,
    over_patches,
    over_rows,
)


@settings(max_examples=12, deadline=None)
@given(
    sides=st.tuples(st.integers(5, 9), st.integers(5, 9)),
    window=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    strides=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    padding=st.sampled_from(["same", "valid"]),
    channels=st.sampled_from([1, 3, ACROSS, ACROSS + 1]),
    convolve=st.sampled_from([over_patches, over_rows]),
)
def test_it_equals_the_library_s_convolution(
    sides: tuple[int, int],
    window: tuple[int, int],
    strides: tuple[int, int],
    padding: str,
    channels: int,
    convolve: Convolution,
) -> None:
    drawn = np.random.default_rng(1)
    x = jnp.asarray(drawn.standard_normal((2, *sides, channels), np.float32))
    kernel = jnp.asarray(drawn.standard_normal((*window, channels, 4), np.float32))

    def direct(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return jax.lax.conv_general_dilated(
            x, kernel, strides, padding.upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    def ours(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return convolve(x, kernel, strides, padding)

    @jax.jit
    def both(x: jax.Array, kernel: jax.Array) -> Any:
        (expected, back), (found, ours_back) = (jax.vjp(f, x, kernel) for f in (direct, ours))
        return (found, *ours_back(expected)), (expected, *back(expected))

    (found, *gradients), (expected, *others) = both(x, kernel)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    for one, other in zip(gradients, others, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("channels", [1, 20])
def test_no_convolution_is_left_in_the_program(channels: int) -> None:
    x, kernel = jnp.ones((2, 8, 8, channels)), jnp.ones((3, 3, channels, 4))
    lowered = jax.jit(lambda x, k: over_patches(x, k, (1, 1), "same")).lower(x, kernel)
    assert "convolution" not in lowered.as_text()


def test_where_the_library_s_convolution_is_fast_it_is_used() -> None:
    assert chosen("cpu") is over_patches
    assert chosen("gpu") is None
    assert in_lanes(lambda: chosen("gpu"))() is in_packs
    assert in_lanes(lambda: chosen("cpu"))() is over_patches
    assert chosen("gpu") is None
