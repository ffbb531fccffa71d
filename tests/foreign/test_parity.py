"""The compiled engine and plain `model.fit` train other people's models alike."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from hpstudy import data
from hpstudy.engine import plain
from hpstudy.engine.job import Job
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec

from .conftest import Worker


@pytest.mark.parametrize(
    ("name", "train", "length"),
    [
        ("penalised", "as_built", "{epochs: 2}"),
        ("frozen", "as_built", "{epochs: 2}"),
        ("penalised", "random, per_unit: 2", "{epochs: 2}"),
        pytest.param("Conditional", "all-output", "{epochs: 2}", marks=pytest.mark.slow),
        # the last of its epochs is cut short
        ("BatchSize", "batchnorm+random, fraction: 0.3", "{steps: 50}"),
    ],
)
@pytest.mark.usefixtures("float64", "kept")
def test_engine_and_model_fit_agree(
    name: str,
    train: str,
    length: str,
    load: Callable[..., Spec],
    digits: data.Split,
    cache: Path,
) -> None:
    worker = Worker(digits, cache, "float64")
    batch = "" if name == "BatchSize" else ", batch_size: 64"
    given = {"train": train, "training": f"{{length: {length}{batch}}}"}
    (config,) = worker.drive(load(name, trials=1, **given), trains=False).configs
    job = Job("run", config, seeds(0, "search", 0), "accuracy", "last", True, confirm=True)
    test = (digits.x_test, digits.y_test)
    compiled = worker.train(config, confirm=True)
    fitted = plain.train(job, worker.setups, worker.parts, test, lambda epoch, score: True)
    assert compiled.record["numerics"]["trained_by"] == "compiled engine"
    assert fitted.record["numerics"]["trained_by"] == "model.fit"
    assert compiled.record["counts"] == fitted.record["counts"]
    # how far BatchNormalization has come from where it began; Keras's momentum is 0.99
    steps = 50 if "steps" in length else 2 * (len(digits.x_train) // 64)
    normalised = any(path.endswith("/moving_mean") for path in compiled.arrays)
    moving = {"momentum": 0.99, "steps": steps} if normalised else None
    assert compiled.record.get("moving") == fitted.record.get("moving") == moving
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
