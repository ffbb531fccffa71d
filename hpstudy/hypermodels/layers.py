"""Keras layers whose numbers are inputs of the compiled program, not constants of it.

Keras bakes momentum, epsilon and rate in as Python numbers, so each value is another program.
Here they are scalar non-trainable weights under the same names: another value compiles nothing,
and runs with different ones share a program.

`program_inputs` names those weights; `<name>_initializer` holds each one's constant.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from hpstudy.hypermodels import examples, products
from hpstudy.hypermodels.batch_moments import normalised
from hpstudy.hypermodels.convolution import Convolution, chosen
from hpstudy.hypermodels.initializers import Constant, ones, zeros
from hpstudy.subsets import gathered

_SEED_DTYPE = {"jax": "uint32", "tensorflow": "int64", "torch": "int32"}


@keras.saving.register_keras_serializable("hpstudy")
class Dense(keras.layers.Dense):  # type: ignore[misc]
    """Keras's Dense, whose product gathers where a caller says that few kernel entries train.

    On JAX the gradient of a kernel of few units is turned where that is faster.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        entries = gathered.of(self.kernel.path)
        kernel = ops.convert_to_tensor(self.kernel)
        if entries is not None:
            outputs = gathered.product(inputs, kernel, *entries)
        elif keras.config.backend() == "jax" and products.turned(self.units):
            outputs = products.product(inputs, kernel)
        else:
            return super().call(inputs)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable("hpstudy")
class Conv2D(keras.layers.Conv2D):  # type: ignore[misc]
    """Keras's Conv2D, which JAX computes as matrix products where those are faster."""

    def call(self, inputs: Any) -> Any:
        convolve = self._products(inputs)
        if convolve is None:
            return super().call(inputs)
        kernel = ops.cast(self.kernel, inputs.dtype)
        outputs = convolve(inputs, kernel, self.strides, self.padding)
        if self.bias is not None:
            outputs = ops.add(outputs, ops.cast(self.bias, outputs.dtype))
        return outputs if self.activation is None else self.activation(outputs)

    def _products(self, inputs: Any) -> Convolution | None:
        plain = self.groups == 1 and set(self.dilation_rate) == {1}
        last = self.data_format == "channels_last" and self.padding in ("same", "valid")
        known = None not in inputs.shape[1:]
        if not (plain and last and known) or keras.config.backend() != "jax":
            return None
        import jax

        return chosen(jax.default_backend())


@keras.saving.register_keras_serializable("hpstudy")
class ShortcutConv2D(Conv2D):
    """A convolution on a shortcut: what the subset word `shortcut` names."""

    shortcut = True


@keras.saving.register_keras_serializable("hpstudy")
class BatchNormalization(keras.layers.BatchNormalization):  # type: ignore[misc]
    """Keras's BatchNormalization on the last axis, with momentum and epsilon as inputs.

    Batch statistics are live whenever `training` is true, whatever is frozen. The defaults 0.9 and
    1e-5 are those of Frankle, Schwab and Morcos (arXiv 2003.00152) in Keras's terms.
    """

    program_inputs = ("momentum", "epsilon")

    def __init__(
        self,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        gamma_initializer: Any = None,
        beta_initializer: Any = None,
        **options: Any,
    ) -> None:
        options.setdefault("moving_mean_initializer", zeros())
        options.setdefault("moving_variance_initializer", ones())
        super().__init__(
            momentum=momentum,
            epsilon=epsilon,
            gamma_initializer=gamma_initializer or ones(),
            beta_initializer=beta_initializer or zeros(),
            **options,
        )
        if self.renorm or self.synchronized or self.axis != -1:
            raise ValueError(
                "hpstudy's BatchNormalization has neither renorm nor synchronized and works on "
                "the last axis; use keras.layers.BatchNormalization for those"
            )
        self.momentum_initializer = Constant(momentum)
        self.epsilon_initializer = Constant(epsilon)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.momentum = _scalar(self, "momentum")
        self.epsilon = _scalar(self, "epsilon")

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        dtype = _precision(inputs)
        inputs = ops.cast(inputs, dtype)
        mean, variance = ops.cast(self.moving_mean, dtype), ops.cast(self.moving_variance, dtype)
        beta = ops.cast(self.beta, dtype) if self.center else ops.zeros_like(mean)
        gamma = ops.cast(self.gamma, dtype) if self.scale else ops.ones_like(mean)
        epsilon = ops.cast(self.epsilon, dtype)
        if not training:
            outputs = (inputs - mean) * (ops.rsqrt(variance + epsilon) * gamma) + beta
            return ops.cast(outputs, self.compute_dtype)
        old = mean, variance
        if keras.config.backend() == "jax" and mask is None:
            given = examples.weights()
            outputs, mean, variance = normalised(inputs, gamma, beta, epsilon, given)
        else:
            mean, variance = self._moments(inputs, mask)
            outputs = (inputs - mean) * (ops.rsqrt(variance + epsilon) * gamma) + beta
        momentum = ops.cast(self.momentum, dtype)
        # as Keras does, but without 1 - momentum, which would be a kernel of its own to compile
        self.moving_mean.assign(mean + (old[0] - mean) * momentum)
        self.moving_variance.assign(variance + (old[1] - variance) * momentum)
        return ops.cast(outputs, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **_constants(self)}


@keras.saving.register_keras_serializable("hpstudy")
class LayerNormalization(keras.layers.LayerNormalization):  # type: ignore[misc]
    """Keras's LayerNormalization on the last axis, with epsilon as an input."""

    program_inputs = ("epsilon",)

    def __init__(
        self,
        epsilon: float = 1e-5,
        gamma_initializer: Any = None,
        beta_initializer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            epsilon=epsilon,
            gamma_initializer=gamma_initializer or ones(),
            beta_initializer=beta_initializer or zeros(),
            **options,
        )
        if self.axis not in (-1, [-1]):  # a list once it is built
            raise ValueError(
                f"hpstudy's LayerNormalization works on the last axis; seen: axis={self.axis!r}; "
                f"use keras.layers.LayerNormalization for others"
            )
        self.epsilon_initializer = Constant(epsilon)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.epsilon = _scalar(self, "epsilon")

    def call(self, inputs: Any) -> Any:
        dtype = _precision(inputs)
        inputs = ops.cast(inputs, dtype)
        mean, variance = ops.moments(inputs, axes=self.axis, keepdims=True)
        outputs = (inputs - mean) * ops.rsqrt(variance + ops.cast(self.epsilon, dtype))
        if self.scale:
            outputs = outputs * ops.cast(self.gamma, dtype)
        if self.center:
            outputs = outputs + ops.cast(self.beta, dtype)
        return ops.cast(outputs, self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **_constants(self)}


@keras.saving.register_keras_serializable("hpstudy")
class Dropout(keras.layers.Layer):  # type: ignore[misc]
    """Entries set to zero with probability `rate` in training, the rest divided by 1 - rate.

    The rate is an input; the mask is drawn from the layer's own SeedGenerator, whose state is a
    variable. A rate of 0 still draws: leave the layer out instead.
    """

    program_inputs = ("rate",)

    def __init__(self, rate: float, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise ValueError(f"rate: {rate!r} is not allowed; allowed are numbers in [0, 1)")
        self.rate_initializer = Constant(rate)
        self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.rate = _scalar(self, "rate")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        if not training:
            return inputs
        rate = ops.cast(self.rate, inputs.dtype)
        keys = keras.random.uniform(ops.shape(inputs), dtype="float32", seed=self.seed_generator)
        keep = keys >= ops.cast(self.rate, "float32")
        return ops.where(keep, inputs / (1.0 - rate), ops.zeros_like(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **_constants(self), "seed": self.seed_generator.seed}


class SeedGenerator(keras.random.SeedGenerator):  # type: ignore[misc]
    """Keras's SeedGenerator, made and advanced without compiling an eager conversion on JAX."""

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        self.name = "seed_generator"
        dtype = _SEED_DTYPE.get(keras.config.backend(), "uint32")
        start = np.random.default_rng().integers(1, 10**9) if seed is None else seed
        self.state = keras.Variable(
            np.array([start, 0], dtype=dtype),
            dtype=dtype,
            trainable=False,
            name="seed_generator_state",
        )

    def next(self, ordered: bool = True) -> Any:
        current = self.state.value * 1
        self.state.assign(current + ops.convert_to_tensor(_STEP, dtype=self.state.dtype))
        return current

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


_STEP = np.array([0, 1])


def _precision(inputs: Any) -> str:
    """float32, or float64 for float64: Keras's own layers compute in float32 there on JAX."""
    wide = keras.backend.standardize_dtype(inputs.dtype) == "float64"
    return "float64" if wide else "float32"


def _scalar(layer: Any, name: str) -> Any:
    return layer.add_weight(
        name=name,
        shape=(),
        initializer=getattr(layer, f"{name}_initializer"),
        trainable=False,
        autocast=False,
    )


def _constants(layer: Any) -> dict[str, float]:
    return {name: getattr(layer, f"{name}_initializer").value for name in layer.program_inputs}
