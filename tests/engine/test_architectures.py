"""Every architecture but the MLP, which has a file of its own, against plain `model.fit`."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hpstudy.engine import reference
from hpstudy.extremes import tensors
from hpstudy.subsets.rules import Rule, select

LENET = {
    "model__type": "lenet",
    "model__kernel_size": 3,
    "model__filters": 3,
    "model__filters_2": 4,
}
RESNET = {
    "model__type": "resnet",
    "model__depth": 8,
    "training__length__epochs": None,
    "training__length__steps": 4,
}
RESMLP = {"model__type": "resmlp", "model__width": 8, "model__depth": 1}
LAYERED: dict[str, Any] = {**RESMLP, "model__normalisation": "layer"}
PLAIN: dict[str, Any] = {**RESMLP, "model__normalisation": "none"}
EVERY = {"training__last_batch": "keep"}
# the smallest images that it takes are the digits at twice their size
VGG = {**RESNET, "model__type": "vgg", "model__depth": 11, "model__filters": 2}
CASES: list[dict[str, Any]] = [
    {**LENET, "subset__train": "all", **EVERY},
    {**LENET, "subset__train": "batchnorm", "model__activation_placement": "before_norm"},
    {**LENET, "subset__train": "random", "subset__per_unit": 2, "model__pooling": "max"},
    {**LENET, "subset__train": "random", "subset__fraction": 0.2, "training__optimizer": "adam"},
    {**LENET, "subset__train": "random", "subset__match": "batchnorm"},
    {**LENET, "subset__train": "output", "model__normalisation": "layer"},
    {**RESNET, "subset__train": "batchnorm+shortcut+random", "subset__per_unit": 3},
    {**RESMLP, "subset__train": "all", "model__residual_dropout": 0.3, **EVERY},
    {**RESMLP, "subset__train": "batchnorm", "model__activation": "gelu", "model__depth": 2},
    {**LAYERED, "subset__train": "gamma+output", "model__dropout": 0.2, **EVERY},
    {**PLAIN, "subset__train": "random", "subset__fraction": 0.2, "training__optimizer": "adamw"},
]
SLOW: list[dict[str, Any]] = [
    {**RESNET, "subset__train": "all", "model__depth": 14},
    {**RESNET, "subset__train": "all-shortcut", "model__widening": 2},
    {**RESNET, "subset__train": "shortcut+output", "model__normalisation": "layer"},
    {**RESNET, "subset__train": "random", "subset__match": "batchnorm"},
    {**RESNET, "subset__train": "random", "subset__fraction": 0.1, "training__last_batch": "keep"},
    {**RESNET, "subset__train": "batchnorm+shortcut+output", "training__optimizer": "adam"},
    {**RESMLP, "subset__train": "batchnorm+output", "training__optimizer": "adam"},
    {**RESMLP, "subset__train": "random", "subset__per_unit": 2, "model__hidden_factor": 1},
    {**RESMLP, "subset__train": "random", "subset__match": "batchnorm", "model__depth": 3},
    {**RESMLP, "subset__train": "none"},
    {**LAYERED, "subset__train": "all-beta", **EVERY, "training__optimizer": "adamw"},
    {**LAYERED, "subset__train": "random", "subset__per_unit": 1, "subset__of": "all"},
    {**PLAIN, "subset__train": "output"},
    {**PLAIN, "subset__train": "all", "model__dropout": 0.2, "model__residual_dropout": 0.3},
    {**VGG, "subset__train": "random", "subset__per_unit": 3},
    {**VGG, "subset__train": "all", "model__depth": 16},
    {**VGG, "subset__train": "batchnorm", "model__activation_placement": "before_norm"},
    {**VGG, "subset__train": "random", "subset__match": "batchnorm", "model__filters": 6},
    {**VGG, "subset__train": "output+random", "subset__fraction": 0.1, "model__dropout": 0.1},
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize(
    "case",
    [*CASES, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW)],
    ids=lambda case: f"{case['model__type']}-{case['subset__train']}",
)
def test_the_engine_equals_model_fit(
    case: dict[str, Any], job: Any, digits: Any, trainer: Any
) -> None:
    run = job(confirm=True, training__learning_rate=0.02, **case)
    split = doubled(digits) if case["model__type"] == "vgg" else digits
    result = trainer(split, "float64")(run)
    fitted = reference.fit(run, split)
    for name, value in fitted.rows[-1].items():
        assert result.curves[name][-1] == pytest.approx(value, abs=1e-9, rel=1e-9), name
    assert_equal_values(result, fitted)
    assert_exactly_the_subset_moved(run, result.arrays, split.shape)


def assert_equal_values(result: Any, fitted: Any) -> None:
    for path, value in fitted.values.items():
        ours = result.arrays[f"final/{path}"]
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(ours, value, rtol=1e-9, atol=1e-9, err_msg=path)


def doubled(split: Any) -> Any:
    """The split with images of twice the height and width, fewer of them."""
    few = {"x_train": 256, "y_train": 256, "x_val": 64, "y_val": 64, "x_test": 64, "y_test": 64}
    parts = {name: getattr(split, name)[:count] for name, count in few.items()}
    parts |= {name: x.repeat(2, 1).repeat(2, 2) for name, x in parts.items() if name[0] == "x"}
    return replace(split, shape=replace(split.shape, input_shape=(16, 16, 1)), **parts)


def assert_exactly_the_subset_moved(run: Any, arrays: Any, shape: Any) -> None:
    """Frozen entries are bit-equal to their initial values, and the trained ones are not."""
    for path, chosen in select(
        Rule.from_config(run.config), tensors(run.config, shape), run.seeds["mask"]
    ).items():
        before, after = (arrays[f"{when}/{path}"].reshape(-1) for when in ("initial", "final"))
        trained = np.full(before.shape, isinstance(chosen, str) and chosen == "all")
        if not isinstance(chosen, str):
            trained[chosen] = True
        np.testing.assert_array_equal(before[~trained].view("u8"), after[~trained].view("u8"), path)
        if trained.any():
            # not all: where 3x3 windows meet 1x1 maps, most of a kernel reads padding alone
            assert (before[trained] != after[trained]).any(), path


@pytest.mark.usefixtures("float64")
def test_a_table_regression_equals_model_fit(job: Any, diabetes: Any, trainer: Any) -> None:
    run = job(confirm=True, metric="r2", subset__train="batchnorm+output", **RESMLP, **EVERY)
    result = trainer(diabetes, "float64")(run)
    assert_equal_values(result, reference.fit(run, diabetes))


@pytest.mark.usefixtures("float64")
def test_a_prefix_of_a_network_with_skips_changes_nothing(
    job: Any, digits: Any, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut where the first skip begins, which the block and the sum read."""
    run = job(confirm=True, subset__train="batchnorm", **RESMLP)
    cached = trainer(digits, "float64")(run)
    monkeypatch.setattr("hpstudy.engine.setup.PREFIX_LIMIT", 0)
    plain = trainer(digits, "float64")(run)
    told = [one.record["numerics"]["prefix"] for one in (cached, plain)]
    assert told == [True, False]
    for name, value in plain.arrays.items():
        np.testing.assert_allclose(cached.arrays[name], value, rtol=1e-9, atol=1e-9, err_msg=name)
