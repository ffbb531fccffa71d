"""The compiled engine and plain `model.fit` train other people's models alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import jax
import keras
import numpy as np
import pytest

from hpstudy import data
from hpstudy.engine import plain
from hpstudy.engine.job import Job
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec

from .conftest import Worker


@pytest.fixture
def float64() -> Iterator[None]:
    jax.config.update("jax_enable_x64", True)
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")
    jax.config.update("jax_enable_x64", False)


@pytest.mark.parametrize(
    ("name", "train"),
    [
        ("penalised", "as_built"),
        ("frozen", "as_built"),
        ("penalised", "random, per_unit: 2"),
        pytest.param("Conditional", "all-output", marks=pytest.mark.slow),
        ("BatchSize", "batchnorm+random, fraction: 0.3"),
    ],
)
@pytest.mark.usefixtures("float64")
def test_engine_and_model_fit_agree(
    name: str, train: str, load: Callable[..., Spec], digits: data.Split, tmp_path: Path
) -> None:
    worker = Worker(digits, tmp_path, "float64")
    training = "{length: {epochs: 2}}" if name == "BatchSize" else None
    given = {"training": training} if training else {}
    (config,) = worker.drive(load(name, trials=1, train=train, **given), trains=False).configs
    job = Job("run", config, seeds(0, "search", 0), "accuracy", "last", True, confirm=True)
    test = (digits.x_test, digits.y_test)
    compiled = worker.train(config, confirm=True)
    fitted = plain.train(job, worker.setups, worker.parts, test, lambda epoch, score: True)
    assert compiled.record["numerics"]["trained_by"] == "compiled engine"
    assert fitted.record["numerics"]["trained_by"] == "model.fit"
    assert compiled.record["counts"] == fitted.record["counts"]
    assert compiled.arrays.keys() == fitted.arrays.keys()
    for path, value in compiled.arrays.items():
        tolerance = 1e-5 if path == "test_outputs" else 1e-9
        assert np.allclose(value, fitted.arrays[path], rtol=tolerance, atol=tolerance), path
    for curve in ("loss", "accuracy", "learning_rate"):
        assert np.allclose(compiled.curves[curve], fitted.curves[curve], rtol=1e-6), curve


def test_dropout_is_drawn_from_the_run(load: Callable[..., Spec], worker: Worker) -> None:
    (config,) = worker.drive(load("subclassed", trials=1), trains=False).configs
    one, same, other = (worker.train(config, confirm=True, index=i) for i in (0, 0, 1))
    found = [[v for k, v in r.arrays.items() if k.endswith("kernel")] for r in (one, same, other)]
    assert all(np.array_equal(a, b) for a, b in zip(found[0], found[1], strict=True))
    assert not np.array_equal(found[0][0], found[2][0])
