"""The MLP: what is declared about it is what gets built, and building compiles nothing."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.base import settings as full
from hpstudy.hypermodels.mlp import build
from hpstudy.spec.declarations import DataShape, Parameter
from hpstudy.subsets import keras as subset

MLP = HYPERMODELS["mlp"]
SHAPE = DataShape((4, 3), "classification", 5)


def values(parameter: Parameter) -> st.SearchStrategy[Any]:
    if parameter.kind == "int":
        return st.integers(1, 5)
    if parameter.kind == "choice":
        return st.sampled_from(parameter.options)
    if parameter.kind == "number_or_choice":
        return st.sampled_from([*parameter.options, 0.5])
    return st.floats(0.01, 0.9)


def configs() -> st.SearchStrategy[dict[str, Any]]:
    optional = {parameter.name: values(parameter) for parameter in MLP.parameters}
    return st.fixed_dictionaries({}, optional=optional)


@settings(max_examples=25, deadline=None)
@given(configs(), st.sampled_from([(7,), (4, 3), (3, 3, 2)]), st.integers(1, 4))
def test_the_declared_tensors_are_the_built_ones(
    config: dict[str, Any], inputs: tuple[int, ...], outputs: int
) -> None:
    shape = DataShape(inputs, "classification", outputs)
    model = build(config, shape)
    assert MLP.tensors(config, shape) == subset.tensors(model)
    assert model.input_shape == (None, *inputs)
    assert model.output_shape == (None, outputs)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 300), st.sampled_from(["batch", "layer", "none"]))
def test_the_count_is_the_formula(depth: int, width: int, norm: str) -> None:
    config = {"depth": depth, "width": width, "normalisation": norm}
    total = sum(math.prod(tensor.shape) for tensor in MLP.tensors(config, SHAPE))
    kernels = 12 * width + (depth - 1) * width**2 + width * 5
    assert total == kernels + depth * width * (1 if norm == "none" else 2) + 5


@pytest.mark.parametrize(
    ("config", "block"),
    [
        ({"activation_placement": "after_norm"}, ["dense_0", "norm_0", "activation_0"]),
        ({"activation_placement": "before_norm"}, ["dense_0", "activation_0", "norm_0"]),
        ({"normalisation": "none"}, ["dense_0", "activation_0"]),
        ({"dropout": 0.5}, ["dense_0", "norm_0", "activation_0", "dropout_0"]),
    ],
)
def test_the_order_of_layers(config: dict[str, Any], block: list[str]) -> None:
    model = build({**config, "depth": 1}, SHAPE)
    assert [layer.name for layer in model.layers] == ["input", "flatten", *block, "output"]
    assert model.get_layer("dense_0").use_bias is (config.get("normalisation") == "none")
    assert model.get_layer("output").use_bias


def test_wrong_settings_are_told() -> None:
    with pytest.raises(ModelError, match="no setting heads; allowed: depth, width"):
        build({"heads": 3}, SHAPE)


def test_inactive_settings_are_left_out() -> None:
    chosen = full(MLP, {"normalisation": "layer", "norm_momentum": 0.5, "depth": 3})
    assert "norm_momentum" not in chosen
    assert chosen["norm_epsilon"] == 1e-5
    assert (chosen["depth"], chosen["width"]) == (3, 128)


DECLARE = """
import sys
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec.declarations import DataShape
HYPERMODELS["mlp"].tensors({}, DataShape((4,), "regression", 1))
print(sorted({"keras", "keras_tuner", "jax", "tensorflow", "numpy"} & set(sys.modules)))
"""


def test_declarations_import_no_keras() -> None:
    done = subprocess.run([sys.executable, "-c", DECLARE], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
