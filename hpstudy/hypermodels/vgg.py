"""VGG networks (Simonyan and Zisserman 2015, arXiv 1409.1556) for images of 32x32 and the like.

VGG-N has N - 3 convolutions of 3x3 windows in five stages, each a block of
`hpstudy.hypermodels.blocks`, with max pooling between the stages. For small images the three Dense
layers give way to a global average pooling and one linear output, as in most descendants for CIFAR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from hpstudy.hypermodels import blocks
from hpstudy.hypermodels.base import ModelError, settings
from hpstudy.hypermodels.images import image, image_input
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.space import Scalar

if TYPE_CHECKING:
    import keras

# convolutions of each stage (the paper's table 1: A, B, D and E), and channels in `filters`
STAGES = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
CHANNELS = (1, 2, 4, 8, 8)
SMALLEST = 2 ** (len(CHANNELS) - 1)  # the side that one pixel is left of

PARAMETERS = (
    Parameter("depth", "choice", 16, "which VGG", options=tuple(STAGES)),
    Parameter("filters", "int", 64, "channels of the first stage; VGG has 64", low=1, high=10_000),
    *blocks.PARAMETERS,
)


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of the network that `build` makes, without building it.

    With C channels of the image, f filters, O outputs and n1 to n5 convolutions in the stages:
    kernels 9*C*f + 9*f*f*(n1 + 4*n2 + 16*n3 + 64*n4 + 64*n5 - 43), normalisation
    2*f*(n1 + 2*n2 + 4*n3 + 8*n4 + 8*n5) (or half as many biases where there is none), output
    8*f*O + O.
    """
    chosen = settings(VGG_DECLARATION, config)
    channels = _channels(shape)
    found: list[Tensor] = []
    rows, columns, _ = image("vgg", shape)
    for number, (stage, filters) in enumerate(_convolutions(chosen)):
        kernel, places = (3, 3, channels, filters), (rows >> stage) * (columns >> stage)
        found += blocks.product_tensors(chosen, f"conv_{number}", number, kernel, places=places)
        channels = filters
    return (*found, *blocks.output_tensors(channels, shape.outputs))


def build(config: Mapping[str, Scalar], shape: DataShape) -> keras.Model:
    """The functional Keras model; nothing is compiled, and its initial values are random."""
    import keras

    chosen = settings(VGG_DECLARATION, config)
    make = blocks.Blocks(chosen)
    _channels(shape)
    inputs, x = image_input(shape)
    stage = 0
    for number, (at, filters) in enumerate(_convolutions(chosen)):
        if at != stage:
            x = keras.layers.MaxPooling2D(2, name=f"pool_{stage}")(x)
            stage = at
        x = make.convolution(x, f"conv_{number}", filters, 3, padding="same")
        x = make.around(x, number)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, make.output(x, shape.outputs), name="vgg")


def _convolutions(chosen: Mapping[str, Scalar]) -> Iterator[tuple[int, int]]:
    """Stage, from 0, and filters of each convolution."""
    first = cast(int, chosen["filters"])
    stages = zip(STAGES[cast(int, chosen["depth"])], CHANNELS, strict=True)
    for stage, (count, times) in enumerate(stages):
        yield from [(stage, first * times)] * count


def _channels(shape: DataShape) -> int:
    """Channels of the images, which must leave a pixel after the poolings."""
    rows, columns, channels = image("vgg", shape)
    if min(rows, columns) < SMALLEST:
        raise ModelError(
            f"vgg halves an image four times, which leaves nothing of images of shape "
            f"{shape.input_shape}; sides of at least {SMALLEST} are needed"
        )
    return channels


VGG_DECLARATION = ModelDeclaration(
    name="vgg",
    doc="VGG-11, 13, 16 and 19 for small images with batch, layer or no normalisation",
    parameters=PARAMETERS,
    tensors=tensors,
    build="hpstudy.hypermodels.vgg:build",
)
