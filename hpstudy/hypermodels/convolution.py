"""Convolutions as one matrix product over patches.

On a CPU, XLA runs a convolution inside a compiled loop without its fast kernels: a training step
of a 3x3 layer takes 10 to 40 times as long as the same products over patches, LeNet's 5x5 layers 6
to 9 times. The patches cost kernel-size-squared times the memory of the layer's input.
"""

from __future__ import annotations

from itertools import product
from typing import Any

# Fewer channels make the patches' last axis short; they are laid out across instead. Measured on a
# CPU: 1 and 6 channels across take 0.4 and 0.6 of the time, 16, 32 and 64 channels 1.3 times.
ACROSS = 16


def convolved(x: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    """x (batch, rows, columns, channels) with kernel (h, w, channels, filters), on JAX arrays.

    `padding` is 'valid' or 'same', the latter as Keras has it: the odd one after. Gives (batch,
    rows', columns', filters).
    """
    import jax.numpy as jnp

    height, width, channels, filters = kernel.shape
    if padding == "same":
        sides = zip(x.shape[1:3], (height, width), strides, strict=True)
        around = [_around(side, window, stride) for side, window, stride in sides]
        x = jnp.pad(x, ((0, 0), *around, (0, 0)))
    rows = (x.shape[1] - height) // strides[0] + 1
    columns = (x.shape[2] - width) // strides[1] + 1
    flat = kernel.reshape(-1, filters)
    across = channels < ACROSS
    axis = 0 if across else -1
    source = jnp.moveaxis(x, -1, 0) if across else x
    parts = []
    for i, j in product(range(height), range(width)):
        vertical = slice(i, i + strides[0] * (rows - 1) + 1, strides[0])
        horizontal = slice(j, j + strides[1] * (columns - 1) + 1, strides[1])
        window = (slice(None), vertical, horizontal)
        parts.append(source[(slice(None), *window) if across else window])
    patches = jnp.concatenate(parts, axis)
    if not across:
        return patches @ flat
    outputs = flat.T @ patches.reshape(len(patches), -1)
    return jnp.moveaxis(outputs.reshape(filters, len(x), rows, columns), 0, -1)


def _around(side: int, window: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis of length `side`."""
    total = max((-(-side // stride) - 1) * stride + window - side, 0)
    return total // 2, total - total // 2
