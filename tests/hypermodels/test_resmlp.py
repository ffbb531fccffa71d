"""The residual MLP: what is declared about it is what gets built, and what its blocks compute."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.resmlp import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets import keras as subset

RESMLP = HYPERMODELS["resmlp"]
TABLE = DataShape((10,), "regression", 1)
NORMS = ["batch", "layer", "none"]


@settings(max_examples=20, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "depth": st.integers(1, 3),
            "width": st.integers(1, 5),
            "hidden_factor": st.integers(1, 3),
            "normalisation": st.sampled_from(NORMS),
            "activation": st.sampled_from(["relu", "tanh"]),
            "dropout": st.sampled_from([0.0, 0.5]),
            "residual_dropout": st.sampled_from([0.0, 0.5]),
        },
    ),
    st.sampled_from([(7,), (4, 3)]),
    st.integers(1, 3),
)
def test_the_declared_tensors_are_the_built_ones(
    config: dict[str, Any], inputs: tuple[int, ...], outputs: int
) -> None:
    shape = DataShape(inputs, "classification", outputs)
    model = build(config, shape)
    assert RESMLP.tensors(config, shape) == subset.tensors(model)
    assert (model.input_shape, model.output_shape) == ((None, *inputs), (None, outputs))


@pytest.mark.parametrize("norm", NORMS)
def test_the_count_is_the_formula(norm: str) -> None:
    depth, width, hidden = 3, 20, 60
    config = {"depth": depth, "width": width, "hidden_factor": 3, "normalisation": norm}
    total = sum(math.prod(tensor.shape) for tensor in RESMLP.tensors(config, TABLE))
    kernels = 10 * width + 2 * depth * width * hidden + width
    around = (1 if norm == "none" else 2) * (depth + 1) * width
    assert total == kernels + depth * hidden + around + 1


def test_a_block_is_the_papers_beside_its_skip() -> None:
    model = build({"depth": 1, "width": 4, "norm_epsilon": 1e-9}, TABLE)
    draw = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(draw.normal(size=variable.shape))
    at = {owned.path: np.asarray(owned.variable) for owned in subset.variables(model)}
    x = draw.normal(size=(6, 10)).astype("float32")

    def norm(z: Any, number: int) -> Any:
        scaled = (z - z.mean(axis=0)) / z.std(axis=0)
        return scaled * at[f"norm_{number}/gamma"] + at[f"norm_{number}/beta"]

    stem = x @ at["first/kernel"]
    hidden = np.maximum(norm(stem, 0) @ at["inner_0/kernel"] + at["inner_0/bias"], 0)
    after = stem + hidden @ at["outer_0/kernel"]
    outputs = np.maximum(norm(after, 1), 0) @ at["output/kernel"] + at["output/bias"]
    np.testing.assert_allclose(np.asarray(model(x, training=True)), outputs, rtol=2e-3, atol=2e-3)


def test_dropout_is_drawn_inside_and_at_the_end_of_each_block() -> None:
    model = build({"depth": 1, "dropout": 0.1, "residual_dropout": 0.2}, TABLE)
    names = [layer.name for layer in model.layers]
    block = ["norm_0", "inner_0", "activation_0", "dropout_0", "outer_0", "residual_dropout_0"]
    assert names == ["input", "first", *block, "add_0", "norm_1", "activation_1", "output"]
    rates = [float(model.get_layer(f"{one}_0").rate) for one in ("dropout", "residual_dropout")]
    assert rates == pytest.approx([0.1, 0.2])


def test_an_activation_has_no_place_to_choose() -> None:
    with pytest.raises(ModelError, match="resmlp has no setting activation_placement"):
        build({"activation_placement": "before_norm"}, TABLE)
