"""Runs by `model.fit` have the records of the compiled engine, on JAX and on TensorFlow."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.data import shared
from hpstudy.engine.devices import Fleet
from hpstudy.engine.executor import Done, LocalExecutor, Rung
from hpstudy.engine.fits import Fits
from hpstudy.engine.job import Job, Result
from tests.engine.test_architectures import LAYERED, LENET, RESNET, VGG, doubled

NOTED = {"prefix": False, "gathered": False, "padded": {}}
STOPPING: dict[str, Any] = {
    "training__early_stopping": "on",
    "training__early_stopping__monitor": "loss",
    "training__early_stopping__patience": 1,
    "training__early_stopping__restore": "best",
    "training__learning_rate": 3.0,
    "training__length__epochs": 8,
}
# TensorFlow's Keras rounds Python's numbers to single precision, so these have no more bits
EXACT = {"training__momentum": 0.875}
RUNS: dict[str, dict[str, Any]] = {
    "decay, smoothing and augmentation": {
        **EXACT,
        "training__augment": "on",
        "training__augment__crop": 2,
        "training__weight_decay": 2**-6,
        "training__label_smoothing": 0.125,
    },
    "random": {
        **EXACT,
        "subset__train": "random+gamma",
        "subset__per_unit": 2,
        "training__last_batch": "keep",
    },
    "batchnorm by adamw": {
        "subset__train": "batchnorm",
        "training__optimizer": "adamw",
        "training__beta_1": 0.875,
        "training__beta_2": 1 - 2**-10,
        "training__adam_epsilon": 2**-20,
        "training__weight_decay": 2**-6,
        "training__length__epochs": None,
        "training__length__steps": 25,
    },
}


ARCHITECTURES: list[dict[str, Any]] = [
    {"model__type": "mlp", "subset__train": "none", "model__activation_placement": "before_norm"},
    {**LENET, "subset__train": "random", "subset__per_unit": 2},
    {**RESNET, "subset__train": "batchnorm+shortcut+random", "subset__per_unit": 3},
    {**LAYERED, "subset__train": "gamma+output"},
    {**VGG, "subset__train": "random", "subset__per_unit": 3},
]


def assert_alike(record: Any, curves: Any, arrays: Any, ours: Result, exactly: float) -> None:
    """A record by `model.fit` against the compiled engine's."""
    for key in ("status", "scored_epoch", "epochs", "counts", "program", "rungs"):
        assert record[key] == ours.record[key], (key, record["reason"])
    assert record["numerics"].items() >= NOTED.items()
    assert record["metrics"].keys() == ours.record["metrics"].keys()
    for key, value in ours.record["metrics"].items():
        # Keras averages in single precision
        assert record["metrics"][key] == pytest.approx(value, rel=1e-4, abs=1e-6), key
    assert set(curves) == set(ours.curves) and set(arrays) == set(ours.arrays)
    for name, expected in ours.curves.items():
        np.testing.assert_allclose(curves[name], expected, 1e-4, 1e-6, err_msg=name)
    for name, expected in ours.arrays.items():
        # outputs are stored in single precision
        close = max(exactly, 1e-5) if name == "test_outputs" else exactly
        np.testing.assert_allclose(arrays[name], expected, close, close, err_msg=name)


def one(fits: Fits, job: Job, test: Any = None, go: bool = True) -> Result:
    fits.add(job, test)
    (result,) = fits.step(lambda asking: {run: go for run, _, _ in asking})
    assert fits.idle
    return result


@pytest.mark.usefixtures("float64")
def test_a_record_is_that_of_the_compiled_engine(
    job: Callable[..., Job], digits: Any, trainer: Any
) -> None:
    asked = job(confirm=True, **STOPPING)
    test = digits.x_test, digits.y_test
    found = one(Fits(digits, "float64"), asked, test)
    assert_alike(found.record, found.curves, found.arrays, trainer(digits, "float64")(asked), 1e-8)


def test_numbers_are_scored_in_their_own_unit(
    job: Callable[..., Job], diabetes: Any, trainer: Any
) -> None:
    asked = job(confirm=True, metric="r2", training__learning_rate=0.01)
    found = one(Fits(diabetes, "float32"), asked, (diabetes.x_test, diabetes.y_test))
    assert_alike(found.record, found.curves, found.arrays, trainer(diabetes)(asked), 1e-3)


def test_a_run_is_cut_at_its_rung(job: Callable[..., Job], digits: Any, trainer: Any) -> None:
    asked = job(rungs=(1,), training__length__epochs=3)
    cut = one(Fits(digits, "float32"), asked, go=False)
    ours = trainer(digits)(asked, lambda epoch, score: False)
    assert cut.record["status"] == "pruned"
    assert_alike(cut.record, cut.curves, cut.arrays, ours, 1e-4)


def test_divergence_is_a_result_and_an_error_a_failure(
    job: Callable[..., Job], digits: Any
) -> None:
    fits = Fits(digits, "float32")
    with np.errstate(all="ignore"):
        diverged = one(fits, job(training__learning_rate=1e30))
    assert diverged.record["status"] == "diverged"
    broken = one(fits, job(subset__train="shortcuts"))
    assert broken.record["status"] == "failed" and "shortcuts" in broken.record["reason"]


def on_tensorflow(split: Any, jobs: Mapping[str, Job], folder: Path) -> dict[str, Done]:
    """What one worker makes of the jobs, by their names."""
    folders = shared.write(split, folder)
    start = {"data": folders["train"], "cache": str(folder), "dtype": keras.config.floatx()}
    found: dict[str, Done] = {}
    fleet = Fleet(1, backend="tensorflow")
    with LocalExecutor(fleet, start, Path(folders["test"])) as executor:
        for name, job in jobs.items():
            executor.submit(replace(job, run=name), "kind")
        while len(found) < len(jobs):
            for event in executor.wait(timeout=60):
                if isinstance(event, Rung):
                    executor.answer(event.run, True)
                else:
                    found[event.run] = event
    return found


def assert_done(done: Done, ours: Result) -> None:
    assert done.record["status"] == "finished", done.record["reason"]
    numerics = done.record["numerics"]
    assert (numerics["backend"], numerics["path"]) == ("tensorflow", "model.fit")
    assert numerics["lanes"] == 1 and "tensorflow" in numerics
    curves, arrays = (np.load(io.BytesIO(part)) for part in (done.curves, done.arrays))
    assert_alike(done.record, curves, arrays, ours, 1e-8)


needs_tensorflow = pytest.mark.skipif(
    find_spec("tensorflow") is None, reason="TensorFlow is not installed"
)


@needs_tensorflow
@pytest.mark.usefixtures("float64")
def test_a_tensorflow_worker_trains_what_the_compiled_engine_trains(
    job: Callable[..., Job], digits: Any, trainer: Any, tmp_path: Path
) -> None:
    jobs = {name: job(confirm=True, rungs=(1,), **changes) for name, changes in RUNS.items()}
    train = trainer(digits, "float64")
    for name, done in on_tensorflow(digits, jobs, tmp_path).items():
        assert_done(done, train(jobs[name]))


@pytest.mark.slow
@needs_tensorflow
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", ARCHITECTURES, ids=lambda case: case["model__type"])
def test_every_architecture_trains_on_tensorflow(
    case: dict[str, Any], job: Callable[..., Job], digits: Any, trainer: Any, tmp_path: Path
) -> None:
    split = doubled(digits) if case["model__type"] == "vgg" else digits
    asked = job(confirm=True, training__learning_rate=0.02, **EXACT, **case)
    (done,) = on_tensorflow(split, {"one": asked}, tmp_path).values()
    assert_done(done, trainer(split, "float64")(asked))
