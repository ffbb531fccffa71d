"""Dense products that compute the gradient of a few kernel entries without the whole kernel's.

Plain autodiff through `join` forms the full gradient (fan-in x units) and then picks from it. Where
few entries train, their gradients are dot products of a column of the inputs with a column of the
output's gradient: B multiplications an entry instead of B for each entry of the kernel.

On a CPU columns are read in blocks. XLA would fuse the transposition that makes them rows with the
gather, which then strides through memory for every entry; it fuses nothing into a loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# A gathered entry costs about as much as this many entries of a dense product (measured on a CPU,
# batch 64 to 128, kernels of 128 to 784 units).
CROSSOVER = 32
BLOCK = 128  # entries; of 32 to 1,024 none was faster

Entries = Mapping[str, tuple[Any, Any]]
_active: ContextVar[Entries | None] = ContextVar("entries that train", default=None)


def paths(base: Mapping[str, Any], indices: Mapping[str, Any]) -> list[str]:
    """The kernels of (fan-in, units) whose index set is small enough to gather."""
    return [
        path
        for path, index in indices.items()
        if base[path].ndim == 2 and pays(index.size, base[path].size)
    ]


def pays(trained: int, size: int) -> bool:
    """Whether gathering beats the dense gradient; a rule of shapes alone, never of a clock."""
    return 0 < trained * CROSSOVER <= size


@contextmanager
def training(entries: Entries) -> Iterator[None]:
    """Within this block, kernels of these paths train (values, flat indices) alone."""
    token = _active.set(entries)
    try:
        yield
    finally:
        _active.reset(token)


def of(path: str) -> tuple[Any, Any] | None:
    """The entries of a kernel that train in this block, or None for an ordinary product."""
    return (_active.get() or {}).get(path)


def product(x: Any, kernel: Any, theta: Any, indices: Any) -> Any:
    """x (B, fan-in) times kernel (fan-in, units), differentiable in x and theta alone.

    `kernel` already holds theta's values at `indices`; indices beyond the kernel are inert.
    """
    return _rule()(x, kernel, theta, indices)


def _rule() -> Any:
    import jax
    import jax.numpy as jnp

    @jax.custom_vjp
    def multiply(x: Any, kernel: Any, theta: Any, indices: Any) -> Any:
        return x @ kernel

    def forward(x: Any, kernel: Any, theta: Any, indices: Any) -> Any:
        return x @ kernel, (x, kernel, indices)

    def backward(kept: Any, gradient: Any) -> Any:
        x, kernel, indices = kept
        blocks = _in_blocks(indices.size, sum(kernel.shape))
        few = (_blocked if blocks else _at_once)(jnp.asarray(x).T, gradient.T, indices)
        return gradient @ kernel.T, None, few, None

    multiply.defvjp(forward, backward)
    return multiply


def _in_blocks(trained: int, columns: int) -> bool:
    """Whether transposing all columns once costs less than striding through those of each entry."""
    import jax

    return jax.default_backend() == "cpu" and trained % BLOCK == 0 and 2 * trained >= columns


def _blocked(inputs: Any, outputs: Any, indices: Any) -> Any:
    from jax import lax

    def block(_: None, some: Any) -> tuple[None, Any]:
        return None, _at_once(inputs, outputs, some)

    return lax.scan(block, None, indices.reshape(-1, BLOCK))[1].reshape(-1)


def _at_once(inputs: Any, outputs: Any, indices: Any) -> Any:
    """Of inputs (fan-in, B) times outputs (units, B) transposed, the entries at flat indices."""
    units = len(outputs)
    # rows beyond the fan-in belong to padding and read zeros
    rows = inputs.at[indices // units].get(mode="fill", fill_value=0)
    return (rows * outputs.at[indices % units].get(mode="promise_in_bounds")).sum(axis=1)
