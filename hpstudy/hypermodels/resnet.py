"""The residual networks for small images of Frankle, Schwab and Morcos (arXiv 2003.00152).

ResNet-N has N = 6D + 2 layers: a 3x3 convolution, three stages of D basic blocks, and a linear
output behind a global average pooling. A block is convolution, normalisation, activation,
convolution, normalisation; its input is added, and another activation follows. Stages have 16, 32
and 64 channels, the second and the third halve the image in their first block, whose shortcut is a
1x1 convolution with a normalisation. WRN-N-k has k times the channels, in the first convolution
too. A convolution has no bias where there is a normalisation.

Windows are centred, as the paper's are: an image is padded by one pixel on each side. Keras's own
`same` would move those of stride 2 by a pixel against their shortcut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hpstudy.hypermodels import blocks
from hpstudy.hypermodels.base import settings
from hpstudy.hypermodels.images import image, image_input
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.space import Scalar

if TYPE_CHECKING:
    import keras

CHANNELS = 16  # of the first stage of ResNet-N

PARAMETERS = (
    Parameter("depth", "int", 14, "layers N = 6D + 2, for D blocks a stage", low=8, step=6),
    Parameter("widening", "int", 1, "times the channels of ResNet: the k of WRN-N-k", low=1),
    # a block's place of activation is its own, and nothing is dropped
    *(p for p in blocks.PARAMETERS if p.name not in ("activation_placement", "dropout")),
)


class Block(NamedTuple):
    """A residual block: its place as 'stage_block', its channels in and out, and its stride."""

    place: str
    channels: int
    filters: int
    stride: int

    @property
    def reshapes(self) -> bool:
        """Whether its shortcut has a convolution."""
        return self.stride > 1 or self.channels != self.filters


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of the network that `build` makes, without building it.

    With D blocks a stage, w = 16k channels, C channels of the image and O outputs: 3x3 kernels
    9*C*w + 9*w*w*(42*D - 10), shortcut kernels 10*w*w, normalisation 14*w*(2*D + 1) (or half as
    many biases where there is none), output 4*w*O + O.
    """
    chosen = settings(RESNET_DECLARATION, config)
    width = _width(chosen)
    rows, columns, channels = image("resnet", shape)
    kernel = (3, 3, channels, width)
    found = [*blocks.product_tensors(chosen, "conv_0", 0, kernel, places=rows * columns)]
    for block in _blocks(chosen):
        if block.stride > 1:
            rows, columns = -(-rows // 2), -(-columns // 2)
        found += _tensors(chosen, block, rows * columns)
    return (*found, *blocks.output_tensors(4 * width, shape.outputs))


def build(config: Mapping[str, Scalar], shape: DataShape) -> keras.Model:
    """The functional Keras model; nothing is compiled, and its initial values are random."""
    import keras

    chosen = settings(RESNET_DECLARATION, config)
    make = blocks.Blocks(chosen)
    image("resnet", shape)
    inputs, x = image_input(shape)
    x = make.convolution(x, "conv_0", _width(chosen), 3, padding="same")
    x = make.activated(make.normalised(x, 0), 0)
    for block in _blocks(chosen):
        x = _built(make, x, block)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, make.output(x, shape.outputs), name="resnet")


def _width(chosen: Mapping[str, Scalar]) -> int:
    return CHANNELS * cast(int, chosen["widening"])


def _blocks(chosen: Mapping[str, Scalar]) -> Iterator[Block]:
    channels = _width(chosen)
    for stage, filters in enumerate((channels, 2 * channels, 4 * channels), 1):
        for number in range(1, (cast(int, chosen["depth"]) - 2) // 6 + 1):
            stride = 2 if stage > 1 and number == 1 else 1
            yield Block(f"{stage}_{number}", channels, filters, stride)
            channels = filters


def _tensors(chosen: Mapping[str, Scalar], block: Block, places: int) -> Iterator[Tensor]:
    place, channels, filters, _ = block

    def convolution(number: int, channels: int) -> Iterator[Tensor]:
        name, at = f"conv_{place}_{number}", f"{place}_{number}"
        return blocks.product_tensors(chosen, name, at, (3, 3, channels, filters), places=places)

    yield from convolution(1, channels)
    second = [*convolution(2, filters)]
    if block.reshapes:
        name, kernel = f"shortcut_{place}", (1, 1, channels, filters)
        second += blocks.product_tensors(chosen, name, name, kernel, True, places)
    # in the order of the layers: both products, then both normalisations
    yield from sorted(second, key=lambda tensor: tensor.norm is not None)


def _built(make: blocks.Blocks, x: Any, block: Block) -> Any:
    import keras

    place, filters, around = block.place, block.filters, x
    if block.stride > 1:
        around = keras.layers.ZeroPadding2D(1, name=f"pad_{place}")(x)
    padding = "valid" if block.stride > 1 else "same"
    y = make.convolution(
        around, f"conv_{place}_1", filters, 3, strides=block.stride, padding=padding
    )
    y = make.activated(make.normalised(y, f"{place}_1"), f"{place}_1")
    y = make.convolution(y, f"conv_{place}_2", filters, 3, padding="same")
    y = make.normalised(y, f"{place}_2")
    if block.reshapes:
        name = f"shortcut_{place}"
        x = make.convolution(x, name, filters, 1, shortcut=True, strides=block.stride)
        x = make.normalised(x, name)
    return make.activated(keras.layers.Add(name=f"add_{place}")([y, x]), f"{place}_2")


RESNET_DECLARATION = ModelDeclaration(
    name="resnet",
    doc="residual network for small images, ResNet-N and WRN-N-k, with batch, layer or no "
    "normalisation",
    parameters=PARAMETERS,
    tensors=tensors,
    build="hpstudy.hypermodels.resnet:build",
)
