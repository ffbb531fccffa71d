"""ResNet and WRN: the paper's counts, and what is declared about them is what gets built."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.resnet import build
from hpstudy.spec.declarations import DataShape, Tensor
from hpstudy.subsets import keras as subset
from hpstudy.subsets.rules import Rule, count

RESNET = HYPERMODELS["resnet"]
CIFAR = DataShape((32, 32, 3), "classification", 10)


def entries(config: dict[str, Any], which: Callable[[Tensor], bool]) -> int:
    found = RESNET.tensors(config, CIFAR)
    return sum(math.prod(tensor.shape) for tensor in found if which(tensor))


@pytest.mark.parametrize(
    ("depth", "total", "batchnorm"),
    [
        (14, 175_258, 1_120),
        (32, 466_906, 2_464),
        (56, 855_770, 4_256),
        (110, 1_730_714, 8_288),
        (218, 3_480_602, 16_352),
        (434, 6_980_378, 32_480),
        (866, 13_979_930, 64_736),
    ],
)
def test_the_counts_are_the_papers(depth: int, total: int, batchnorm: int) -> None:
    found = RESNET.tensors({"depth": depth}, CIFAR)
    assert count(Rule("batchnorm"), found).trained == batchnorm
    assert count(Rule("all"), found).total == total
    assert count(Rule("output"), found).trained == 650
    assert count(Rule("shortcut"), found).trained == 2_560
    every = count(Rule("batchnorm+shortcut+output"), found)
    assert every.trained == batchnorm + 2_560 + 650
    assert count(Rule("all-shortcut"), found).trained == total - 2_560


@pytest.mark.parametrize("depth", [8, 14, 56, 866])
@pytest.mark.parametrize("widening", [1, 2, 5, 32])
def test_the_counts_have_closed_formulas(depth: int, widening: int) -> None:
    config = {"depth": depth, "widening": widening}
    d, w = (depth - 2) // 6, 16 * widening
    norm = 14 * w * (2 * d + 1)
    kernels = 27 * w + 9 * w * w * (42 * d - 10) + 10 * w * w
    output = 40 * w + 10
    assert entries(config, lambda one: one.norm == "batch") == norm
    assert entries(config, lambda one: one.shortcut) == 10 * w * w
    assert entries(config, lambda one: one.output) == output
    assert entries(config, lambda one: True) == norm + kernels + output
    plain = {**config, "normalisation": "none"}
    assert entries(plain, lambda one: True) == norm // 2 + kernels + output


@pytest.mark.parametrize("normalisation", ["batch", "layer", "none"])
@pytest.mark.parametrize("inputs", [(8, 8), (7, 9, 1), (8, 8, 3)])
def test_the_declared_tensors_are_the_built_ones(
    normalisation: str, inputs: tuple[int, ...]
) -> None:
    config = {"depth": 14, "normalisation": normalisation}
    shape = DataShape(inputs, "classification", 4)
    model = build(config, shape)
    assert RESNET.tensors(config, shape) == subset.tensors(model)
    assert model.output_shape == (None, 4)


def test_the_layers_are_those_of_the_paper() -> None:
    model = build({"depth": 14, "widening": 2}, CIFAR)
    kinds = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    windows = [layer.kernel_size for layer in kinds]
    assert (windows.count((3, 3)), windows.count((1, 1))) == (13, 2)
    assert not any(layer.use_bias for layer in kinds)
    maps = {layer.name: tuple(layer.output.shape[1:]) for layer in kinds}
    assert maps["conv_0"] == (32, 32, 32)
    assert maps["conv_2_1_1"] == maps["shortcut_2_1"] == (16, 16, 64)
    assert maps["conv_3_2_2"] == (8, 8, 128)


def test_the_windows_of_stride_two_are_centred_on_those_of_their_shortcut() -> None:
    """One bright pixel is seen by the places whose 3x3 window around the shortcut's holds it."""
    model = build({"depth": 8, "normalisation": "none"}, DataShape((8, 8, 1), "regression", 1))
    block = keras.Model(model.get_layer("add_1_1").output, model.get_layer("conv_2_1_1").output)
    layer = model.get_layer("conv_2_1_1")
    layer.kernel.assign(np.ones(layer.kernel.shape))
    image = np.zeros((1, 8, 8, 16), "float32")
    image[0, 3, 4] = 1.0
    seen = np.argwhere(np.asarray(block(image))[0, :, :, 0])
    # row 3 lies between the windows around rows 2 and 4, column 4 in the one around itself alone
    np.testing.assert_array_equal(seen, [[1, 2], [2, 2]])


@pytest.mark.parametrize(
    ("depth", "near"), [(15, "14 and 20"), (7, "8"), (2, "8"), (100, "98 and 104")]
)
def test_a_depth_between_two_networks_is_told(depth: int, near: str) -> None:
    with pytest.raises(ModelError, match=rf"depth {depth} .*6D \+ 2.*nearest: {near}$"):
        RESNET.tensors({"depth": depth}, CIFAR)


def test_examples_that_are_no_images_are_told() -> None:
    with pytest.raises(ModelError, match=r"resnet takes images.*\(10,\)"):
        RESNET.tensors({}, DataShape((10,), "regression", 1))
