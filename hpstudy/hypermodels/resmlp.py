"""A residual MLP with normalisation for tables, the ResNet of Gorishniy et al. (2021).

"Revisiting Deep Learning Models for Tabular Data", arXiv 2106.11959, section 3.2: a linear layer,
then `depth` blocks x + drop(outer(drop(activation(inner(norm(x)))))), then norm, activation and the
linear output. Where there is a normalisation, the first layer and the blocks' outer ones have no
bias, which the next batch normalisation would take out again; the paper's code keeps those.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from hpstudy.hypermodels import blocks
from hpstudy.hypermodels.base import settings
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.space import Scalar
from hpstudy.subsets.powers import power_of_two

if TYPE_CHECKING:
    import keras

PARAMETERS = (
    Parameter("depth", "int", 2, "residual blocks", low=1, high=1000),
    Parameter("width", "int", 128, "units between blocks", low=1, high=100_000),
    Parameter(
        "hidden_factor",
        "int",
        2,
        "units inside a block for each unit between blocks",
        low=1,
        high=100,
    ),
    # a block normalises what it reads and activates inside, so there is nothing to place
    *(one for one in blocks.PARAMETERS if one.name != "activation_placement"),
    Parameter(
        "residual_dropout",
        "float",
        0.0,
        "share of each block's outputs that training drops; 0 leaves the layer out",
        low=0.0,
        high=1.0,
        open_high=True,
        role="value",
    ),
)


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of the network that `build` makes, without building it.

    With I inputs, width W, hidden width H = hidden_factor*W, depth D and O outputs: kernels
    I*W + 2*D*W*H + W*O, hidden biases D*H, normalisation 2*(D + 1)*W (or biases (D + 1)*W where
    there is none), output bias O.
    """
    return tuple(_tensors(settings(RESMLP_DECLARATION, config), shape))


def padded(config: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """The width as a power of two, where added units change nothing (see the MLP's)."""
    chosen = settings(RESMLP_DECLARATION, config)
    drawn = chosen["dropout"] or chosen["residual_dropout"]
    if chosen["normalisation"] == "layer" or drawn or chosen["activation"] == "sigmoid":
        return {}
    return {"width": power_of_two(cast(int, chosen["width"]))}


def build(config: Mapping[str, Scalar], shape: DataShape) -> keras.Model:
    """The functional Keras model; nothing is compiled, and its initial values are random."""
    import keras

    chosen = settings(RESMLP_DECLARATION, config)
    make = blocks.Blocks(chosen)
    depth, width, hidden = _sizes(chosen)
    inputs = x = keras.Input(shape.input_shape, name="input")
    if len(shape.input_shape) > 1:
        x = keras.layers.Flatten(name="flatten")(x)
    x = make.dense(x, "first", width)
    for number in range(depth):
        skip, x = x, make.normalised(x, number)
        x = make.dense(x, f"inner_{number}", hidden, use_bias=True)
        x = make.dropped(make.activated(x, number), number)
        x = make.dropped(make.dense(x, f"outer_{number}", width), number, "residual_dropout")
        x = keras.layers.Add(name=f"add_{number}")([skip, x])
    x = make.activated(make.normalised(x, depth), depth)
    return keras.Model(inputs, make.output(x, shape.outputs), name="resmlp")


def _tensors(chosen: Mapping[str, Scalar], shape: DataShape) -> Iterator[Tensor]:
    depth, width, hidden = _sizes(chosen)
    yield from _dense("first", (math.prod(shape.input_shape), width), chosen)
    for number in range(depth):
        yield from blocks.norm_tensors(chosen, number, width)
        yield from _dense(f"inner_{number}", (width, hidden))
        yield from _dense(f"outer_{number}", (hidden, width), chosen)
    yield from blocks.norm_tensors(chosen, depth, width)
    yield from blocks.output_tensors(width, shape.outputs)


def _dense(
    name: str, kernel: tuple[int, int], chosen: Mapping[str, Scalar] | None = None
) -> Iterator[Tensor]:
    """A kernel and its bias, which under the settings `chosen` a normalisation may replace."""
    yield Tensor(f"{name}/kernel", kernel, "kernel")
    if chosen is None or chosen["normalisation"] == "none":
        yield Tensor(f"{name}/bias", kernel[1:], "bias")


def _sizes(chosen: Mapping[str, Scalar]) -> tuple[int, int, int]:
    depth, width, factor = (cast(int, chosen[name]) for name in ("depth", "width", "hidden_factor"))
    return depth, width, factor * width


RESMLP_DECLARATION = ModelDeclaration(
    name="resmlp",
    doc="residual multilayer perceptron for tables with batch, layer or no normalisation",
    parameters=PARAMETERS,
    tensors=tensors,
    build="hpstudy.hypermodels.resmlp:build",
    padded=padded,
)
