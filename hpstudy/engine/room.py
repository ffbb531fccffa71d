"""How many lanes of a program a device has room for: a formula of shapes, never a probe."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import jax
import numpy as np

from hpstudy.engine.parts import CHUNK, Parts
from hpstudy.engine.setup import Built, Setup

SHARE = 0.5  # of the memory that JAX may use; a second pack and XLA's own needs take the rest


def room(memory: int, parts: Parts, built: Built, setup: Setup) -> int:
    """The largest power of two of lanes that half of `memory` bytes holds, at least 1."""
    shared = sum(array.nbytes for array in parts.data)
    lanes = int((SHARE * memory - shared) / lane_bytes(parts, built, setup))
    return 1 << max(lanes.bit_length() - 1, 0) if lanes > 0 else 1


def lane_bytes(parts: Parts, built: Built, setup: Setup) -> int:
    """Bytes that one lane takes: its values, optimizer state, plan, prefix and activations.

    Values that are kept count twice, since choosing them makes a copy.
    """
    signature, itemsize = setup.signature, np.dtype(setup.signature.dtype).itemsize
    values = _bytes((setup.carry.theta, setup.carry.states))
    own = _bytes((setup.carry, setup.run)) + 2 * values
    widths = [_width(layer) for layer in built.rest.model.layers]
    # forward, kept for the backward pass, and backward
    training = 3 * signature.batch_size * sum(widths)
    validating = 3 * min(CHUNK, signature.validation) * max(widths, default=0)
    prefix = 0
    if built.before is not None:
        prefix = (signature.examples + signature.validation) * _width(built.before.model)
    # the order, and what augmentation draws
    plans = 2 * (4 + 3 * signature.augmented) * signature.examples
    return own + plans + itemsize * (max(training, validating) + prefix)


def device_memory() -> int:
    """Bytes that JAX may use on this worker's device, in whole GiB: the kind decides, not the use.

    0 where the device does not tell.
    """
    told: dict[str, Any] = jax.devices()[0].memory_stats() or {}
    return int(told.get("bytes_limit", 0)) >> 30 << 30


def fitting(parts: Parts, memory: int) -> Callable[[Setup, Callable[[], Built]], int]:
    """How many lanes `memory` bytes have room for, as a function of a setup and of its model."""
    return lambda setup, build: room(memory, parts, build(), setup)


def _width(layer: Any) -> int:
    """Numbers that a layer gives for one example."""
    outputs = layer.output
    tensors = outputs if isinstance(outputs, list | tuple) else [outputs]
    return sum(prod(tensor.shape[1:]) for tensor in tensors)


def _bytes(tree: Any) -> int:
    return sum(np.dtype(one.dtype).itemsize * prod(one.shape) for one in jax.tree.leaves(tree))
