"""The Keras constraint that keeps the frozen entries of a partly trained tensor."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray


@keras.saving.register_keras_serializable("hpstudy")
class KeepFrozen(keras.constraints.Constraint):  # type: ignore[misc]
    """Gives the tensor with all but the `trained` entries at their `frozen` values, bit-equal.

    `then` is the tensor's own constraint, applied first, to all entries.
    """

    def __init__(self, frozen: Any, trained: Any, dtype: str, then: Any = None) -> None:
        self.frozen = np.asarray(frozen, dtype=dtype)
        self.trained = np.asarray(trained, dtype=bool)
        self.dtype = dtype
        self.then = keras.constraints.get(then)

    @classmethod
    def around(cls, values: NDArray[Any], indices: NDArray[np.int64], then: Any) -> KeepFrozen:
        """The constraint that trains the flat `indices` of a tensor that now holds `values`."""
        trained = np.zeros(values.size, dtype=bool)
        trained[indices] = True
        return cls(values, trained.reshape(values.shape), str(values.dtype), then)

    def __call__(self, w: Any) -> Any:
        if self.then is not None:
            w = self.then(w)
        frozen = keras.ops.convert_to_tensor(self.frozen, dtype=self.dtype)
        return keras.ops.where(self.trained, keras.ops.convert_to_tensor(w), frozen)

    def get_config(self) -> dict[str, Any]:
        return {
            "frozen": self.frozen.tolist(),
            "trained": self.trained.tolist(),
            "dtype": self.dtype,
            "then": keras.constraints.serialize(self.then) if self.then else None,
        }
