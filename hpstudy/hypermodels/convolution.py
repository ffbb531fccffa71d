"""Convolutions as matrix products, where XLA's own are slow.

On a CPU, XLA runs a convolution inside a compiled loop without its fast kernels: a training step
of a 3x3 layer takes 10 to 40 times as long as one product over patches, LeNet's 5x5 layers 6 to 9
times. On a GPU, lanes turn a convolution into a grouped one. A run-epoch of LeNet in 64 lanes took
51 ms there, over patches 32, over rows 19; with TF32 38, 29 and 12 (one H100, batch 128). Patches
cost kernel-size-squared times the memory of the layer's input, rows the kernel's height times.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from itertools import product
from typing import Any, TypeVar, cast

# Fewer channels make the patches' last axis short; they are laid out across instead. Measured on a
# CPU: 1 and 6 channels across take 0.4 and 0.6 of the time, 16, 32 and 64 channels 1.3 times.
ACROSS = 16
# Numbers in a row of outputs, up to which lanes multiply whole rows
SHORT = 512

Traced = TypeVar("Traced", bound=Callable[..., Any])
Convolution = Callable[[Any, Any, tuple[int, int], str], Any]
_laned: ContextVar[bool] = ContextVar("runs train in lanes", default=False)


def in_lanes(function: Traced) -> Traced:
    """`function`, traced as one that is vectorised over lanes."""

    @wraps(function)
    def laned(*inputs: Any) -> Any:
        token = _laned.set(True)
        try:
            return function(*inputs)
        finally:
            _laned.reset(token)

    return cast(Traced, laned)


def chosen(platform: str) -> Convolution | None:
    """How to convolve on a JAX platform in this block; None for the library's own convolution."""
    if platform == "cpu":
        return over_patches
    return in_packs if _laned.get() else None


def over_patches(x: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    """x (batch, rows, columns, channels) with kernel (h, w, channels, filters), on JAX arrays.

    `padding` is 'valid' or 'same', the latter as Keras has it: the odd one after. Gives (batch,
    rows', columns', filters).
    """
    import jax.numpy as jnp

    filters = kernel.shape[-1]
    flat = kernel.reshape(-1, filters)
    x = _padded(x, kernel.shape[:2], strides, padding)
    downs, rights = (
        _places(side, size, stride)
        for side, size, stride in zip(x.shape[1:3], kernel.shape[:2], strides, strict=True)
    )
    if kernel.shape[2] >= ACROSS:
        # columns first, then rows of those: half the code to compile of both at once
        wide = jnp.concatenate([x[:, :, right] for right in rights], -1)
        return jnp.concatenate([wide[:, down] for down in downs], -1) @ flat
    channels = jnp.moveaxis(x, -1, 0)
    patches = jnp.concatenate([channels[:, :, i, j] for i, j in product(downs, rights)], 0)
    outputs = flat.T @ patches.reshape(len(patches), -1)
    return jnp.moveaxis(outputs.reshape(filters, *patches.shape[1:]), 0, -1)


def over_rows(x: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    """The same as one product for each row of outputs, whole input rows under the window at once.

    The product's matrix holds the kernel once for each output column, zero elsewhere: more
    arithmetic than patches take, in a better shape and with less to write.
    """
    import jax.numpy as jnp

    (high, wide), (down, across) = kernel.shape[:2], strides
    x = _padded(x, (high, wide), strides, padding)
    rows, columns = (x.shape[1] - high) // down + 1, (x.shape[2] - wide) // across + 1
    bands = [x[:, i : i + (rows - 1) * down + 1 : down] for i in range(high)]
    read = jnp.concatenate([band.reshape(len(x), rows, -1) for band in bands], -1)
    right = [x.shape[2] - wide - j * across for j in range(columns)]
    matrix = jnp.stack(
        [
            jnp.pad(kernel, ((0, 0), (j * across, zeros), (0, 0), (0, 0)))
            for j, zeros in enumerate(right)
        ],
        3,
    )
    outputs = read @ matrix.reshape(read.shape[-1], -1)
    return outputs.reshape(len(x), rows, columns, kernel.shape[-1])


def in_packs(x: Any, kernel: Any, strides: tuple[int, int], padding: str) -> Any:
    """The same over rows where an output row is short, over patches where it is long."""
    short = x.shape[2] * kernel.shape[-1] <= strides[1] * SHORT
    return (over_rows if short else over_patches)(x, kernel, strides, padding)


def _places(side: int, size: int, stride: int) -> list[slice]:
    """What each place of a window of `size` reads along an axis of length `side`."""
    last = (side - size) // stride * stride
    return [slice(place, place + last + 1, stride) for place in range(size)]


def _padded(x: Any, window: tuple[int, int], strides: tuple[int, int], padding: str) -> Any:
    import jax.numpy as jnp

    if padding == "valid":
        return x
    sides = zip(x.shape[1:3], window, strides, strict=True)
    return jnp.pad(x, ((0, 0), *(_around(*side) for side in sides), (0, 0)))


def _around(side: int, window: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis of length `side`."""
    total = max((-(-side // stride) - 1) * stride + window - side, 0)
    return total // 2, total - total // 2
