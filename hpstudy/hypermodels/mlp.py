"""A multilayer perceptron: `depth` hidden layers of `width` units, each with its normalisation.

A hidden layer is a block of `hpstudy.hypermodels.blocks` around a Dense product. Inputs with
several axes are flattened first; the output is linear.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from hpstudy.hypermodels import blocks
from hpstudy.hypermodels.base import settings
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.space import Scalar
from hpstudy.subsets.powers import power_of_two

if TYPE_CHECKING:
    import keras

PARAMETERS = (
    Parameter("depth", "int", 2, "hidden layers", low=1, high=1000),
    Parameter("width", "int", 128, "units of each hidden layer", low=1, high=100_000),
    *blocks.PARAMETERS,
)


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of the network that `build` makes, without building it.

    With I inputs, width W, depth D and O outputs: kernels I*W + (D - 1)*W*W + W*O, normalisation
    2*D*W (or hidden biases D*W where there is none), output bias O.
    """
    chosen = settings(MLP_DECLARATION, config)
    width = cast(int, chosen["width"])
    fan_in = math.prod(shape.input_shape)
    found: list[Tensor] = []
    for number in range(cast(int, chosen["depth"])):
        found += blocks.product_tensors(chosen, f"dense_{number}", number, (fan_in, width))
        fan_in = width
    return (*found, *blocks.output_tensors(fan_in, shape.outputs))


def padded(config: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    """The width as a power of two, where added units change nothing.

    Layer normalisation would count them, dropout would draw for them, and an activation that is
    not 0 at 0 would train the weights behind them.
    """
    chosen = settings(MLP_DECLARATION, config)
    if chosen["normalisation"] == "layer" or chosen["dropout"] or chosen["activation"] == "sigmoid":
        return {}
    return {"width": power_of_two(cast(int, chosen["width"]))}


def build(config: Mapping[str, Scalar], shape: DataShape) -> keras.Model:
    """The functional Keras model; nothing is compiled, and its initial values are random."""
    import keras

    chosen = settings(MLP_DECLARATION, config)
    make = blocks.Blocks(chosen)
    inputs = keras.Input(shape.input_shape, name="input")
    x = inputs
    if len(shape.input_shape) > 1:
        x = keras.layers.Flatten(name="flatten")(x)
    for number in range(cast(int, chosen["depth"])):
        x = make.around(make.dense(x, f"dense_{number}", chosen["width"]), number)
    return keras.Model(inputs, make.output(x, shape.outputs), name="mlp")


MLP_DECLARATION = ModelDeclaration(
    name="mlp",
    doc="multilayer perceptron with batch, layer or no normalisation",
    parameters=PARAMETERS,
    tensors=tensors,
    build="hpstudy.hypermodels.mlp:build",
    padded=padded,
)
