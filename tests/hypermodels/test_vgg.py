"""VGG: its counts, and what is declared about it is what gets built."""

from __future__ import annotations

import math
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.vgg import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets import keras as subset
from hpstudy.subsets.rules import Rule, count

VGG = HYPERMODELS["vgg"]
CIFAR = DataShape((32, 32, 3), "classification", 10)
STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


@pytest.mark.parametrize(
    ("depth", "total", "batchnorm"),
    [(11, 9_228_362, 5_504), (13, 9_413_066, 5_888), (16, 14_724_042, 8_448)],
)
def test_the_counts_of_vgg(depth: int, total: int, batchnorm: int) -> None:
    found = VGG.tensors({"depth": depth}, CIFAR)
    assert count(Rule("all"), found).total == total
    assert count(Rule("batchnorm"), found).trained == batchnorm
    assert count(Rule("output"), found).trained == 5_130


@pytest.mark.parametrize("depth", STAGES)
@pytest.mark.parametrize("filters", [1, 7, 64])
def test_the_counts_have_closed_formulas(depth: int, filters: int) -> None:
    f, (a, b, c, d, e) = filters, STAGES[depth]
    found = VGG.tensors({"depth": depth, "filters": f}, CIFAR)
    kernels = [math.prod(t.shape) for t in found if t.role == "kernel" and not t.output]
    assert sum(kernels) == 27 * f + 9 * f * f * (a + 4 * b + 16 * c + 64 * (d + e) - 43)
    assert len(kernels) == depth - 3
    norm = count(Rule("batchnorm"), found).trained
    assert norm == 2 * f * (a + 2 * b + 4 * c + 8 * (d + e))
    assert count(Rule("all"), found).total == sum(kernels) + norm + 80 * f + 10


@settings(max_examples=6, deadline=None)
@given(
    st.fixed_dictionaries(
        {"filters": st.integers(1, 3), "depth": st.sampled_from(sorted(STAGES))},
        optional={
            "normalisation": st.sampled_from(["batch", "layer", "none"]),
            "dropout": st.sampled_from([0.0, 0.5]),
        },
    ),
    st.sampled_from([(16, 16), (28, 31, 1), (32, 32, 3)]),
)
def test_the_declared_tensors_are_the_built_ones(
    config: dict[str, Any], inputs: tuple[int, ...]
) -> None:
    shape = DataShape(inputs, "classification", 4)
    model = build(config, shape)
    assert VGG.tensors(config, shape) == subset.tensors(model)
    assert model.output_shape == (None, 4)


def test_the_stages_are_pooled_apart() -> None:
    model = build({"depth": 19}, CIFAR)
    maps = [
        tuple(layer.output.shape[1:])
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert maps == [
        *[(32, 32, 64)] * 2,
        *[(16, 16, 128)] * 2,
        *[(8, 8, 256)] * 4,
        *[(4, 4, 512)] * 4,
        *[(2, 2, 512)] * 4,
    ]


def test_images_that_are_too_small_are_told() -> None:
    with pytest.raises(ModelError, match=r"\(8, 8, 1\); sides of at least 16"):
        VGG.tensors({}, DataShape((8, 8, 1), "classification", 10))
    with pytest.raises(ModelError, match=r"vgg takes images.*\(10,\)"):
        VGG.tensors({}, DataShape((10,), "regression", 1))
