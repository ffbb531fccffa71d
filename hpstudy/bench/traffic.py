"""What moving values through memory takes: how fast a copy is, and what an epoch has to move."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from time import perf_counter
from typing import Any

SECONDS, COPIED = 1.0, 2**28  # a figure's least time; floats of the copy on a GPU


def rate(call: Callable[[], None]) -> float:
    """Calls a second, over at least one call and a fixed time."""
    began, calls = perf_counter(), 0
    while calls == 0 or perf_counter() - began < SECONDS:
        call()
        calls += 1
    return calls / (perf_counter() - began)


def bandwidth(gpu: bool) -> float:
    """Bytes a second of a copy, those read and those written."""
    import jax
    import jax.numpy as jnp

    count = COPIED if gpu else COPIED // 8
    call = jax.jit(lambda a: a + 1)
    array = jnp.zeros(count, "float32")

    def copy() -> None:
        call(array).block_until_ready()

    copy()
    return 2 * 4 * count * rate(copy)


def moved(setup: Any, built: Any) -> float:
    """Bytes that an epoch of one run has to move, its validation included.

    `setup` is the run's, and `built` its model in the engine's two parts.
    """
    import jax

    def size(tree: Any) -> int:
        return sum(int(one.size) * int(one.dtype.itemsize) for one in jax.tree.leaves(tree))

    signature, model = setup.signature, built.rest.model
    units = 4 * sum(prod(one.output.shape[1:]) for one in model.layers if hasattr(one, "kernel"))
    example = 4 * prod(model.inputs[0].shape[1:])
    prefix = built.before.parameters if built.before is not None else ()
    frozen = {path: one for path, one in setup.run.base.items() if path not in prefix}
    step = 2 * size(setup.carry) + size(frozen) + signature.batch_size * (example + 2 * units)
    return float(signature.batches * step + signature.validation * 2 * units)
