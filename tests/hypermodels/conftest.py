"""Both numeric precisions."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import keras
import pytest


@pytest.fixture(params=["float32", "float64"])
def precision(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each precision in turn, set everywhere."""
    jax.config.update("jax_enable_x64", request.param == "float64")
    keras.config.set_floatx(request.param)
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    jax.config.update("jax_enable_x64", False)
