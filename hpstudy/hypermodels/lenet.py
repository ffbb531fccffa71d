"""A small convolutional network in the manner of LeNet-5 (LeCun et al. 1998).

Two convolutions with a pooling after each, then two Dense layers: blocks of
`hpstudy.hypermodels.blocks`, and a linear output. LeNet-5's sizes are the defaults; its partial
connections between maps, its trained pooling and its radial basis outputs are left out, as in most
of its descendants. The first convolution keeps the image's size, the second does not pad.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from hpstudy.hypermodels import blocks
from hpstudy.hypermodels.base import ModelError, settings
from hpstudy.hypermodels.images import image, image_input
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.space import Scalar

if TYPE_CHECKING:
    import keras

PARAMETERS = (
    Parameter("filters", "int", 6, "channels of the first convolution", low=1, high=10_000),
    Parameter("filters_2", "int", 16, "channels of the second convolution", low=1, high=10_000),
    Parameter("kernel_size", "int", 5, "side of both convolutions' windows", low=1, high=100),
    Parameter("dense_width", "int", 120, "units of the first Dense layer", low=1, high=100_000),
    Parameter("dense_width_2", "int", 84, "units of the second Dense layer", low=1, high=100_000),
    Parameter(
        "pooling",
        "choice",
        "average",
        "what 2x2 windows are reduced by",
        options=("average", "max"),
    ),
    *blocks.PARAMETERS,
)


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of the network that `build` makes, without building it.

    With channels C of the image, filters F and G, window k, Dense widths V and W, O outputs and
    P pixels left before the Dense layers: kernels k*k*C*F + k*k*F*G + P*G*V + V*W + W*O,
    normalisation 2*(F + G + V + W) (or as many biases where there is none), output bias O.
    """
    chosen = settings(LENET_DECLARATION, config)
    first, second, size, *dense = _sizes(chosen)
    rows, columns, channels = image("lenet", shape)
    pixels = _left(rows, size, shape) * _left(columns, size, shape)
    window = (size, size)
    places = rows * columns, (rows // 2 - size + 1) * (columns // 2 - size + 1)
    found = [
        *blocks.product_tensors(chosen, "conv_0", 0, (*window, channels, first), places=places[0]),
        *blocks.product_tensors(chosen, "conv_1", 1, (*window, first, second), places=places[1]),
    ]
    fan_in = pixels * second
    for number, width in enumerate(dense):
        found += blocks.product_tensors(chosen, f"dense_{number}", number + 2, (fan_in, width))
        fan_in = width
    return (*found, *blocks.output_tensors(fan_in, shape.outputs))


def build(config: Mapping[str, Scalar], shape: DataShape) -> keras.Model:
    """The functional Keras model; nothing is compiled, and its initial values are random."""
    import keras

    chosen = settings(LENET_DECLARATION, config)
    make = blocks.Blocks(chosen)
    first, second, size, *dense = _sizes(chosen)
    rows, columns, _ = image("lenet", shape)
    _left(rows, size, shape), _left(columns, size, shape)
    pooling = {
        "average": keras.layers.AveragePooling2D,
        "max": keras.layers.MaxPooling2D,
    }[str(chosen["pooling"])]
    inputs, x = image_input(shape)
    for number, (filters, padding) in enumerate(((first, "same"), (second, "valid"))):
        x = make.convolution(x, f"conv_{number}", filters, size, padding=padding)
        x = pooling(2, name=f"pool_{number}")(make.around(x, number))
    x = keras.layers.Flatten(name="flatten")(x)
    for number, width in enumerate(dense):
        x = make.around(make.dense(x, f"dense_{number}", width), number + 2)
    return keras.Model(inputs, make.output(x, shape.outputs), name="lenet")


def _sizes(chosen: Mapping[str, Scalar]) -> tuple[int, ...]:
    names = ("filters", "filters_2", "kernel_size", "dense_width", "dense_width_2")
    return tuple(cast(int, chosen[name]) for name in names)


def _left(side: int, size: int, shape: DataShape) -> int:
    """The side of the maps before the Dense layers."""
    left = (side // 2 - size + 1) // 2
    if left < 1:
        raise ModelError(
            f"lenet: kernel_size {size} leaves nothing of images of shape {shape.input_shape}; "
            f"at most {min(shape.input_shape[:2]) // 2 - 1} is possible"
        )
    return left


LENET_DECLARATION = ModelDeclaration(
    name="lenet",
    doc="LeNet-5-style convolutional network with batch, layer or no normalisation",
    parameters=PARAMETERS,
    tensors=tensors,
    build="hpstudy.hypermodels.lenet:build",
)
