"""Keras's own initialisers drawn by NumPy while somebody else's model is built.

On JAX each first shape of an eager draw compiles a program, which takes longer than all else in a
small model's build. The distributions are Keras's and the seeds too; the bits are those of
`hpstudy.hypermodels.initializers`, the same on every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

import keras

from hpstudy.hypermodels.initializers import draw

_KINDS: tuple[Any, ...] = (
    keras.initializers.VarianceScaling,
    keras.initializers.RandomNormal,
    keras.initializers.TruncatedNormal,
    keras.initializers.RandomUniform,
    keras.initializers.Orthogonal,
    keras.initializers.Constant,
    keras.initializers.Zeros,
    keras.initializers.Ones,
)
_DTYPES = ("float16", "float32", "float64", "int32", "int64", "uint32", "bool")


@contextmanager
def by_numpy() -> Iterator[None]:
    """Within this block Keras's initialisers compile nothing."""
    before = {kind: kind.__call__ for kind in _KINDS}
    try:
        for kind, keras_own in before.items():
            kind.__call__ = _drawing(keras_own)
        yield
    finally:
        for kind, keras_own in before.items():
            kind.__call__ = keras_own


def _drawing(keras_own: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, shape: Any, dtype: Any = None, **given: Any) -> Any:
        name = keras.backend.standardize_dtype(dtype or keras.config.floatx())
        seed, value = getattr(self, "seed", 0), getattr(self, "value", 0.0)
        if name not in _DTYPES or not isinstance(seed, int) or not isinstance(value, Real):
            return keras_own(self, shape, dtype, **given)
        values = draw(self, tuple(shape), seed).astype(name)
        return keras.ops.convert_to_tensor(values, dtype=name)

    return call
