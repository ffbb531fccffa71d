"""A Dense layer's product whose kernel has few units: its gradient, turned to be fast on a CPU.

XLA hands a product with a transposed first factor to Eigen, which takes four times as long as it
need where the result has few columns, as the gradient of an output layer's kernel has.
"""

from __future__ import annotations

from functools import cache
from typing import Any

# units; measured at 10, where turning pays, and at 64, where it pays at large batches alone
FEW = 32


def turned(units: int) -> bool:
    """Whether `product` is faster than an ordinary one; JAX must be the backend."""
    import jax

    return units <= FEW and jax.default_backend() == "cpu"


def product(x: Any, kernel: Any) -> Any:
    """x (B, ..., fan-in) times kernel (fan-in, units)."""
    return _rule()(x, kernel)


@cache
def _rule() -> Any:
    import jax
    from jax import lax

    @jax.custom_vjp
    def multiply(x: Any, kernel: Any) -> Any:
        return x @ kernel

    def forward(x: Any, kernel: Any) -> Any:
        return x @ kernel, (x, kernel)

    def backward(kept: Any, gradient: Any) -> Any:
        x, kernel = kept
        fan_in, units = kernel.shape
        # the barriers keep XLA from turning it back
        rows = lax.optimization_barrier(gradient.reshape(-1, units).T)
        of_kernel = lax.optimization_barrier(rows @ x.reshape(-1, fan_in))
        return gradient @ kernel.T, of_kernel.T

    multiply.defvjp(forward, backward)
    return multiply
