"""LeNet: what is declared about it is what gets built, and images that do not fit are told."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.lenet import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets import keras as subset

LENET = HYPERMODELS["lenet"]
DIGITS = DataShape((28, 28, 1), "classification", 10)


@settings(max_examples=12, deadline=None)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "filters": st.integers(1, 5),
            "filters_2": st.integers(1, 5),
            "kernel_size": st.integers(1, 3),
            "dense_width": st.integers(1, 5),
            "normalisation": st.sampled_from(["batch", "layer", "none"]),
            "activation_placement": st.sampled_from(["before_norm", "after_norm"]),
            "pooling": st.sampled_from(["average", "max"]),
            "dropout": st.sampled_from([0.0, 0.5]),
        },
    ),
    st.sampled_from([(8, 8), (12, 9, 1), (9, 10, 3)]),
)
def test_the_declared_tensors_are_the_built_ones(
    config: dict[str, Any], inputs: tuple[int, ...]
) -> None:
    config = {"kernel_size": 3, **config}
    if config.get("normalisation") == "none":
        config.pop("activation_placement", None)
    shape = DataShape(inputs, "classification", 4)
    model = build(config, shape)
    assert LENET.tensors(config, shape) == subset.tensors(model)
    assert model.output_shape == (None, 4)


def test_the_defaults_are_the_sizes_of_lenet_5() -> None:
    kernels = [t.shape for t in LENET.tensors({}, DIGITS) if t.role == "kernel"]
    assert kernels == [(5, 5, 1, 6), (5, 5, 6, 16), (400, 120), (120, 84), (84, 10)]
    normalised = sum(math.prod(t.shape) for t in LENET.tensors({}, DIGITS) if t.norm == "batch")
    assert normalised == 2 * (6 + 16 + 120 + 84)
    # with biases in place of gamma and beta: LeNet-5 with full connections and a linear output
    plain = LENET.tensors({"normalisation": "none"}, DIGITS)
    assert sum(math.prod(tensor.shape) for tensor in plain) == 61_706


def test_images_that_do_not_fit_are_told() -> None:
    with pytest.raises(ModelError, match="kernel_size 5 leaves nothing.*at most 3 is possible"):
        LENET.tensors({}, DataShape((8, 8, 1), "classification", 10))
    with pytest.raises(ModelError, match=r"lenet takes images.*\(10,\)"):
        LENET.tensors({}, DataShape((10,), "regression", 1))
