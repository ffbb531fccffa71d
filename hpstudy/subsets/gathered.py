"""Dense products that compute the gradient of a few kernel entries without the whole kernel's.

Plain autodiff through `join` forms the full gradient (fan-in x units) and then picks from it. Where
few entries train, their gradients are dot products of a column of the inputs with a column of the
output's gradient: B multiplications an entry instead of B for each entry of the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

# A gathered entry costs about as much as this many entries of a dense product (measured on a CPU,
# batch 64 to 128, kernels of 128 to 784 units).
CROSSOVER = 32

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
        rows, columns = indices // kernel.shape[1], indices % kernel.shape[1]
        # rows beyond the fan-in belong to padding and read zeros
        inputs = jnp.asarray(x).T.at[rows].get(mode="fill", fill_value=0)
        outputs = gradient.T.at[columns].get(mode="promise_in_bounds")
        return gradient @ kernel.T, None, (inputs * outputs).sum(axis=1), None

    multiply.defvjp(forward, backward)
    return multiply
