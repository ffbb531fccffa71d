"""What convolutional architectures read: examples that are images."""

from __future__ import annotations

from typing import Any

from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.declarations import DataShape


def image(model: str, shape: DataShape) -> tuple[int, int, int]:
    """Rows, columns and channels; a picture without a channel axis has one.

    Raises ModelError, in the name of `model`, for examples that are no images.
    """
    if len(shape.input_shape) not in (2, 3):
        raise ModelError(
            f"{model} takes images of (rows, columns) or (rows, columns, channels); seen: examples "
            f"of shape {shape.input_shape}"
        )
    rows, columns, channels = (*shape.input_shape, 1)[:3]
    return rows, columns, channels


def image_input(shape: DataShape) -> tuple[Any, Any]:
    """A Keras input of these examples, and the same with its channel axis."""
    import keras

    inputs = keras.Input(shape.input_shape, name="input")
    if len(shape.input_shape) == 3:
        return inputs, inputs
    return inputs, keras.layers.Reshape((*shape.input_shape, 1), name="channel")(inputs)
