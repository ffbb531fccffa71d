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
    """max(x, 0), whose gradient on JAX reads the output, so that its input need not be kept."""
    if keras.config.backend() == "jax":
        return _relu()(x)
    return ops.relu(x)


@cache
def _relu() -> Any:
    import jax
    import jax.numpy as jnp

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
