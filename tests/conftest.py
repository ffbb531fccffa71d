"""One Keras backend for the whole suite, named before anything imports Keras."""

import os
from collections.abc import Iterator

import pytest

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("JAX_PLATFORMS", "cpu")


@pytest.fixture
def float64() -> Iterator[None]:
    """Double precision everywhere, so that parity can be asked to 1e-9."""
    # most tests need neither
    import jax
    import keras

    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
    # models that are built take the precision of then for all that follow
    keras.config.set_dtype_policy("float32")
    jax.config.update("jax_enable_x64", False)
