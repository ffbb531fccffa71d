"""The compiled engine against plain `model.fit`: same initial values and order, equal results."""

import itertools
from typing import Any

import numpy as np
import pytest

from hpstudy.engine import reference

FACTORS: dict[str, list[dict[str, Any]]] = {
    "subset": [
        {"subset__train": "all"},
        {"subset__train": "batchnorm"},
        {"subset__train": "random", "subset__per_unit": 2},
        {"subset__train": "random", "subset__fraction": 0.1, "subset__of": "all"},
        {"subset__train": "gamma+output"},
        {"subset__train": "all-beta"},
        {"subset__train": "output"},
        {"subset__train": "none"},
    ],
    "optimizer": [
        {"training__optimizer": "sgd", "training__learning_rate": 0.1},
        {
            "training__optimizer": "sgd",
            "training__learning_rate": 0.1,
            "training__momentum": 0.0,
            "training__weight_decay": 0.01,
        },
        {"training__optimizer": "adam", "training__learning_rate": 0.01},
        {
            "training__optimizer": "adamw",
            "training__learning_rate": 0.01,
            "training__weight_decay": 0.1,
        },
    ],
    "normalisation": [
        {"model__normalisation": "batch", "model__activation_placement": "before_norm"},
        {"model__normalisation": "batch", "model__norm_momentum": 0.7},
        {"model__normalisation": "layer", "model__activation_placement": "before_norm"},
        {"model__normalisation": "layer", "model__gamma_initializer": "uniform"},
        {"model__normalisation": "none"},
    ],
    "schedule": [
        {"training__schedule": "constant"},
        {
            "training__schedule": "step",
            "training__schedule__at": (0.3, 0.6),
            "training__schedule__factor": 0.1,
        },
        {"training__schedule": "cosine", "training__warmup": 0.2},
    ],
    "rest": [
        {"model__depth": 1},
        {"model__depth": 3, "training__label_smoothing": 0.1},
        {"model__dropout": 0.3, "training__last_batch": "keep"},
        {
            "model__depth": 1,
            "model__kernel_initializer": "orthogonal",
            "training__length__steps": 25,
        },
    ],
}


# the last two subsets are parts of others: the full product has them
QUICK = {**FACTORS, "subset": FACTORS["subset"][:-2]}


def pairwise(factors: dict[str, list[dict[str, Any]]]) -> list[tuple[int, ...]]:
    """Level numbers in few rows, so that each pair of levels of two factors is in some row."""
    sizes = [len(levels) for levels in factors.values()]
    left = {
        ((a, i), (b, j))
        for a, b in itertools.combinations(range(len(sizes)), 2)
        for i in range(sizes[a])
        for j in range(sizes[b])
    }
    rows = []
    while left:
        best: tuple[int, ...] = max(
            itertools.product(*map(range, sizes)),
            key=lambda row: len(left & set(itertools.combinations(enumerate(row), 2))),
        )
        left -= set(itertools.combinations(enumerate(best), 2))
        rows.append(best)
    return rows


def settings(row: tuple[int, ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for levels, number in zip(FACTORS.values(), row, strict=True):
        merged |= levels[number]
    if "training__length__steps" in merged:
        merged["training__length__epochs"] = None
    return merged


def impossible(chosen: dict[str, Any]) -> bool:
    """A word that the network has nothing for is not a case: there is nothing to compare."""
    without = ("gamma+output", "all-beta")
    return chosen["model__normalisation"] == "none" and chosen["subset__train"] in without


def assert_parity(job: Any, split: Any, trainer: Any) -> None:
    result = trainer(split, "float64")(job)
    fitted = reference.fit(job, split)
    assert len(fitted.rows) == result.record["epochs"]
    # Keras adds the decay's penalty to both losses, and smooths the validation loss too
    penalty = job.config["training.optimizer"] == "sgd" and job.config["training.weight_decay"]
    smoothed = job.config["training.label_smoothing"]
    told = {"train_loss": not penalty, "loss": not penalty and not smoothed}
    for name, value in fitted.rows[-1].items():
        if told.get(name, True):
            assert result.curves[name][-1] == pytest.approx(value, abs=1e-9, rel=1e-9), name
    for path, value in fitted.values.items():
        ours = result.arrays[f"final/{path}"]
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(ours, value, rtol=1e-9, atol=1e-9, err_msg=path)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("row", pairwise(QUICK), ids=lambda row: "-".join(map(str, row)))
def test_the_engine_equals_model_fit(row: Any, job: Any, digits: Any, trainer: Any) -> None:
    if impossible(settings(row)):
        pytest.skip("the network has neither gamma nor beta")
    assert_parity(job(confirm=True, **settings(row)), digits, trainer)


def product() -> list[tuple[int, ...]]:
    """Every subset with every optimizer, normalisation and schedule; the rest takes turns."""
    *sizes, rest = (len(levels) for levels in FACTORS.values())
    rows = itertools.product(*map(range, sizes))
    return [(*row, number % rest) for number, row in enumerate(rows)]


@pytest.mark.slow
@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("row", product(), ids=lambda row: "-".join(map(str, row)))
def test_the_engine_equals_model_fit_everywhere(
    row: Any, job: Any, digits: Any, trainer: Any
) -> None:
    test_the_engine_equals_model_fit(row, job, digits, trainer)


@pytest.mark.usefixtures("float64")
def test_gradients_read_in_blocks_equal_those_of_model_fit(
    job: Any, digits: Any, trainer: Any
) -> None:
    run = job(confirm=True, model__width=64, subset__train="random", subset__per_unit=2)
    assert_parity(run, digits, trainer)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("loss", ["mse", "mae", "huber"])
def test_regression_equals_model_fit(loss: str, job: Any, diabetes: Any, trainer: Any) -> None:
    run = job(
        confirm=True,
        metric="r2",
        training__loss=loss,
        training__learning_rate=0.01,
        subset__train="batchnorm+output",
    )
    result = trainer(diabetes, "float64")(run)
    fitted = reference.fit(run, diabetes)
    scale = diabetes.target_scale
    units = {"loss": 1, "mae": scale, "mse": scale**2}
    for name, unit in units.items():
        # Keras squares and averages in the precision of its metric variables
        assert result.curves[name][-1] == pytest.approx(fitted.rows[-1][name] * unit, rel=1e-6)
    for path, value in fitted.values.items():
        np.testing.assert_allclose(result.arrays[f"final/{path}"], value, rtol=1e-9, atol=1e-9)


def test_in_single_precision_accuracies_agree_within_noise(
    job: Any, digits: Any, trainer: Any
) -> None:
    run = job(training__length__epochs=10, training__learning_rate=0.05)
    ours = trainer(digits)(run).record["score"]
    theirs = reference.fit(run, digits).rows[-1]["accuracy"]
    assert abs(ours - theirs) <= 3 / len(digits.y_val)
    assert ours > 0.9
