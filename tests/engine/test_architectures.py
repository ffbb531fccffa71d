"""Every architecture but the MLP, which has a file of its own, against plain `model.fit`."""

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
CASES: list[dict[str, Any]] = [
    {**LENET, "subset__train": "all", "training__last_batch": "keep"},
    {**LENET, "subset__train": "batchnorm", "model__activation_placement": "before_norm"},
    {**LENET, "subset__train": "random", "subset__per_unit": 2, "model__pooling": "max"},
    {**LENET, "subset__train": "random", "subset__fraction": 0.2, "training__optimizer": "adam"},
    {**LENET, "subset__train": "random", "subset__match": "batchnorm"},
    {**LENET, "subset__train": "output", "model__normalisation": "layer"},
    {**RESNET, "subset__train": "batchnorm+shortcut+random", "subset__per_unit": 3},
]
SLOW: list[dict[str, Any]] = [
    {**RESNET, "subset__train": "all", "model__depth": 14},
    {**RESNET, "subset__train": "all-shortcut", "model__widening": 2},
    {**RESNET, "subset__train": "shortcut+output", "model__normalisation": "layer"},
    {**RESNET, "subset__train": "random", "subset__match": "batchnorm"},
    {**RESNET, "subset__train": "random", "subset__fraction": 0.1, "training__last_batch": "keep"},
    {**RESNET, "subset__train": "batchnorm+shortcut+output", "training__optimizer": "adam"},
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
    result = trainer(digits, "float64")(run)
    fitted = reference.fit(run, digits)
    for name, value in fitted.rows[-1].items():
        assert result.curves[name][-1] == pytest.approx(value, abs=1e-9, rel=1e-9), name
    for path, value in fitted.values.items():
        ours = result.arrays[f"final/{path}"]
        if ours.dtype.kind == "f":
            np.testing.assert_allclose(ours, value, rtol=1e-9, atol=1e-9, err_msg=path)
    assert_exactly_the_subset_moved(run, result.arrays, digits.shape)


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
            assert (before[trained] != after[trained]).mean() > 0.5, path
