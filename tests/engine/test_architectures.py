"""Every architecture but the MLP, which has a file of its own, against plain `model.fit`."""

from typing import Any

import numpy as np
import pytest

from hpstudy.engine import reference

LENET = {
    "model__type": "lenet",
    "model__kernel_size": 3,
    "model__filters": 3,
    "model__filters_2": 4,
}
CASES: list[dict[str, Any]] = [
    {**LENET, "subset__train": "all", "training__last_batch": "keep"},
    {**LENET, "subset__train": "batchnorm", "model__activation_placement": "before_norm"},
    {**LENET, "subset__train": "random", "subset__per_unit": 2, "model__pooling": "max"},
    {**LENET, "subset__train": "random", "subset__fraction": 0.2, "training__optimizer": "adam"},
    {**LENET, "subset__train": "random", "subset__match": "batchnorm"},
    {**LENET, "subset__train": "output", "model__normalisation": "layer"},
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", CASES)
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


@pytest.mark.parametrize("per_unit", [1, 4])
def test_random_entries_of_each_output_channel_move_and_the_rest_is_bit_equal(
    per_unit: int, job: Any, digits: Any, trainer: Any
) -> None:
    run = job(confirm=True, subset__train="random", subset__per_unit=per_unit, **LENET)
    arrays = trainer(digits)(run).arrays
    for layer, channels in (("conv_0", 3), ("conv_1", 4)):
        before, after = (arrays[f"{when}/{layer}/kernel"] for when in ("initial", "final"))
        moved = (before != after).reshape(-1, channels).sum(axis=0)
        assert (moved <= per_unit).all() and moved.sum() > 0
