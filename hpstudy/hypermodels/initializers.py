"""Initial values drawn by NumPy: the same on every backend, and without compiling anything.

`draw` gives values for these classes and for the standard Keras ones alike. The classes are Keras
initialisers too, so a model that uses them also works by itself; there the seed is the object's.
Values come from Philox streams in float64 and are rounded to the variable's dtype last.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from hpstudy.errors import HpstudyError

Values = NDArray[np.float64]


class InitializerError(HpstudyError, TypeError):
    """An initialiser whose values cannot be drawn from a run's seed."""


class Initializer(keras.initializers.Initializer, ABC):  # type: ignore[misc]
    """Base: a Keras initialiser whose values are `self.values(shape, generator)`."""

    def __init__(self, seed: int | None = None) -> None:
        # Python's generator, as Keras does it, so keras.utils.set_random_seed governs it
        self.seed = random.randint(1, 10**9) if seed is None else seed

    @abstractmethod
    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        """The initial values, float64, drawn from `generator` alone."""

    def __call__(self, shape: Any, dtype: Any = None, **ignored: Any) -> Any:
        name = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        values = self.values(tuple(shape), generator(self.seed))
        # both dtypes spelt out: JAX compiles a conversion otherwise
        return keras.ops.convert_to_tensor(values.astype(name), dtype=name)

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed}


@keras.saving.register_keras_serializable("hpstudy")
class HeNormal(Initializer):
    """Normal with variance 2 / fan-in, not truncated (He et al. 2015, arXiv 1502.01852).

    It is the initialisation of Frankle, Schwab and Morcos (arXiv 2003.00152), whose PyTorch
    `kaiming_normal_` does not truncate; Keras's HeNormal does.
    """

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return generator.standard_normal(shape) * math.sqrt(2 / fans(shape)[0])


@keras.saving.register_keras_serializable("hpstudy")
class HeUniform(Initializer):
    """Uniform on +-sqrt(6 / fan-in): variance 2 / fan-in (arXiv 1502.01852)."""

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return _uniform(generator, shape, math.sqrt(6 / fans(shape)[0]))


@keras.saving.register_keras_serializable("hpstudy")
class GlorotUniform(Initializer):
    """Uniform on +-sqrt(6 / (fan-in + fan-out)) (Glorot and Bengio 2010)."""

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return _uniform(generator, shape, math.sqrt(6 / sum(fans(shape))))


@keras.saving.register_keras_serializable("hpstudy")
class Binary(Initializer):
    """+-sqrt(2 / fan-in), each sign with probability 1/2: He's variance in two values.

    The binary features of Frankle, Schwab and Morcos (arXiv 2003.00152): the sign of a He-normal
    draw times its standard deviation. Theirs is the sample's, here it is He's own.
    """

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        signs = generator.integers(0, 2, size=shape) * 2.0 - 1.0
        return np.asarray(signs * math.sqrt(2 / fans(shape)[0]), dtype=np.float64)


@keras.saving.register_keras_serializable("hpstudy")
class Orthogonal(Initializer):
    """Orthonormal rows or columns of the (fan-in, units) matrix (Saxe et al., arXiv 1312.6120)."""

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return _orthogonal(generator, shape)


@keras.saving.register_keras_serializable("hpstudy")
class Uniform(Initializer):
    """Uniform on [0, 1): the gammas of Frankle, Schwab and Morcos (arXiv 2003.00152)."""

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return generator.random(shape)


@keras.saving.register_keras_serializable("hpstudy")
class Normal(Initializer):
    """Standard normal: mean 0, variance 1."""

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return generator.standard_normal(shape)


@keras.saving.register_keras_serializable("hpstudy")
class Constant(Initializer):
    """One number everywhere."""

    def __init__(self, value: float) -> None:
        super().__init__(seed=0)
        self.value = float(value)

    def values(self, shape: tuple[int, ...], generator: np.random.Generator) -> Values:
        return np.full(shape, self.value)

    def get_config(self) -> dict[str, Any]:
        return {"value": self.value}


def zeros() -> Constant:
    """0 everywhere; Keras's own Zeros compiles one program for each shape on JAX."""
    return Constant(0.0)


def ones() -> Constant:
    """1 everywhere; Keras's own Ones compiles one program for each shape on JAX."""
    return Constant(1.0)


def generator(seed: int) -> np.random.Generator:
    """The Philox stream of a 63-bit seed."""
    return np.random.Generator(np.random.Philox(seed))


def draw(initializer: Any, shape: tuple[int, ...], seed: int) -> Values:
    """float64 values of `shape` from the stream of `seed`, whatever seed the initialiser holds.

    Takes this module's initialisers and Keras's VarianceScaling family (Glorot, He, Lecun),
    RandomNormal, RandomUniform, TruncatedNormal, Orthogonal, Constant, Zeros and Ones: their
    distributions, not their bits. Raises InitializerError for others.
    """
    return np.asarray(_values(initializer, shape, generator(seed)), dtype=np.float64)


def _values(initializer: Any, shape: tuple[int, ...], stream: np.random.Generator) -> Any:
    if isinstance(initializer, Initializer):
        return initializer.values(shape, stream)
    known = keras.initializers
    if isinstance(initializer, known.VarianceScaling):
        return _variance_scaling(initializer, shape, stream)
    if isinstance(initializer, known.TruncatedNormal):
        return initializer.mean + initializer.stddev * _truncated(stream, shape)
    if isinstance(initializer, known.RandomNormal):
        return initializer.mean + initializer.stddev * stream.standard_normal(shape)
    if isinstance(initializer, known.RandomUniform):
        low, high = initializer.minval, initializer.maxval
        return low + (high - low) * stream.random(shape)
    if isinstance(initializer, known.Orthogonal):
        return initializer.gain * _orthogonal(stream, shape)
    if isinstance(initializer, known.Constant):
        return np.full(shape, float(initializer.value))
    if isinstance(initializer, known.Zeros):
        return np.zeros(shape)
    if isinstance(initializer, known.Ones):
        return np.ones(shape)
    raise InitializerError(
        f"initial values of {type(initializer).__name__} cannot be drawn from a seed; allowed: "
        f"VarianceScaling and its Glorot, He and Lecun kinds, RandomNormal, RandomUniform, "
        f"TruncatedNormal, Orthogonal, Constant, Zeros, Ones, or a subclass of "
        f"hpstudy.hypermodels.initializers.Initializer"
    )


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan-in, fan-out) of a kernel: last axis the units, the one before it their inputs."""
    if len(shape) < 2:
        size = max(math.prod(shape), 1)
        return size, size
    field = math.prod(shape[:-2])
    return max(field * shape[-2], 1), max(field * shape[-1], 1)


def _variance_scaling(
    initializer: Any, shape: tuple[int, ...], stream: np.random.Generator
) -> Values:
    fan_in, fan_out = fans(shape)
    inputs, outputs = initializer.input_axes, initializer.output_axes
    if inputs is not None and outputs is not None:
        fan_in = max(math.prod(shape[axis] for axis in inputs), 1)
        fan_out = max(math.prod(shape[axis] for axis in outputs), 1)
    fan = {"fan_in": fan_in, "fan_out": fan_out}.get(initializer.mode, (fan_in + fan_out) / 2)
    variance = initializer.scale / fan
    if initializer.distribution == "uniform":
        return _uniform(stream, shape, math.sqrt(3 * variance))
    if initializer.distribution == "untruncated_normal":
        return stream.standard_normal(shape) * math.sqrt(variance)
    # 0.8796...: the standard deviation of a standard normal cut at two
    return _truncated(stream, shape) * (math.sqrt(variance) / 0.87962566103423978)


def _uniform(stream: np.random.Generator, shape: tuple[int, ...], limit: float) -> Values:
    return (2 * stream.random(shape) - 1) * limit


def _truncated(stream: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """Standard normal values, those beyond two drawn again."""
    values = stream.standard_normal(math.prod(shape))
    while len(beyond := np.flatnonzero(np.abs(values) > 2)):
        values[beyond] = stream.standard_normal(len(beyond))
    return values.reshape(shape)


def _orthogonal(stream: np.random.Generator, shape: tuple[int, ...]) -> Values:
    if len(shape) < 2:
        raise InitializerError(f"orthogonal values need two axes or more; seen: shape {shape}")
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(stream.standard_normal((max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))  # without it the distribution is not uniform (Mezzadri 2007)
    return np.asarray(q if rows >= columns else q.T, dtype=np.float64).reshape(shape)
