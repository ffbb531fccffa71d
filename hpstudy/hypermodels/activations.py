"""Activations that JAX computes otherwise than Keras has them."""

from __future__ import annotations

from functools import cache
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("hpstudy")  # type: ignore[untyped-decorator]
def tanh(x: Any) -> Any:
    """Hyperbolic tangent in the input's precision; Keras's gives float32 for float64 on JAX."""
    if keras.config.backend() == "jax":
        import jax.numpy as jnp

        return jnp.tanh(x)
    return ops.tanh(x)


@keras.saving.register_keras_serializable("hpstudy")  # type: ignore[untyped-decorator]
def relu(x: Any) -> Any:
    """max(x, 0), whose gradient on a GPU reads the output, so that its input need not be kept."""
    rule = _relu() if keras.config.backend() == "jax" else None
    return ops.relu(x) if rule is None else rule(x)


@cache
def _relu() -> Any:
    """The rule on a GPU; a CPU is as fast without it."""
    import jax
    import jax.numpy as jnp

    if jax.default_backend() == "cpu":
        return None

    @jax.custom_vjp
    def rule(x: Any) -> Any:
        return jnp.maximum(x, 0)

    def forward(x: Any) -> tuple[Any, Any]:
        outputs = jnp.maximum(x, 0)
        if outputs.ndim == 2:
            # products read it next: without a barrier XLA computes it again for each of them
            outputs = jax.lax.optimization_barrier(outputs)
        return outputs, outputs

    def backward(outputs: Any, gradient: Any) -> tuple[Any]:
        return (jnp.where(outputs > 0, gradient, 0),)

    rule.defvjp(forward, backward)
    return rule
