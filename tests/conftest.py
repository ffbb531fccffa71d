"""One Keras backend and one folder of compiled programs for the whole suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hpstudy import data, spec, study
from hpstudy.engine.worker import COMPILER
from hpstudy.spec.study import Data, Spec

# before anything imports Keras, which `hpstudy` itself does not
os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# as workers compile, which takes a fifth less
os.environ.setdefault("XLA_FLAGS", " ".join(COMPILER))


@pytest.fixture
def float64(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Double precision everywhere, so that parity can be asked to 1e-9."""
    # most tests need neither
    import jax
    import keras
    from keras.src.backend.common.dtypes import BIT64_TO_BIT32_DTYPE

    # on JAX Keras takes a mean, among others, in single precision whatever its input has
    monkeypatch.setitem(BIT64_TO_BIT32_DTYPE, "float64", "float64")
    jax.config.update("jax_enable_x64", True)
    # parity is of what is computed, and machine code that is not optimised compiles sooner
    jax.config.update("jax_disable_most_optimizations", True)
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
    # models that are built take the precision of then for all that follow
    keras.config.set_dtype_policy("float32")
    jax.config.update("jax_disable_most_optimizations", False)
    jax.config.update("jax_enable_x64", False)


@pytest.fixture(scope="session")
def digits() -> data.Split:
    """1,079 digits to train on, 359 to validate and 359 to test."""
    return data.load(Data("digits", 0.2, 0.2, 1))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled programs of the whole session: what one test or process compiled, others load.

    A test of compiling itself takes a folder of its own.
    """
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "programs"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def kept() -> Iterator[None]:
    """What is compiled here stays, where a worker would forget it to save memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hpstudy.engine.memory.release", lambda: None)
        yield


@pytest.fixture(scope="module")
def load(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Spec]:
    """Reads the module's study, `FILE`, or a changed text of it, with the edits of `--set`."""
    path = tmp_path_factory.mktemp("file") / "study.yaml"

    def loaded(*edits: str, text: str = request.module.FILE) -> Spec:
        path.write_text(text)
        return spec.load(path, study.REGISTRIES, edits=edits)

    return loaded
