"""Somebody else's Keras model as the engine sees it: labels, initial values, flags, penalties."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import keras
import numpy as np

from hpstudy.engine import holding
from hpstudy.hypermodels.initial import is_seed, seed_state
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.keras import variables


def labels(model: Any, y: Any, shape: DataShape) -> Any:
    """Targets in the form that a compiled model's loss takes.

    One column for each class where it is one of Keras's categorical losses, or another loss of
    Keras's own on as many outputs; else class ids (n,).
    """
    if shape.task != "classification" or not model.compiled:
        return y
    name = holding.loss_name(model.loss) or "sparse"
    categorical = name.startswith(("categorical", "kl", "kullback"))
    if name.startswith("sparse") or not (categorical or _columns(model) == shape.outputs):
        return y
    return np.eye(shape.outputs, dtype=keras.config.floatx())[np.asarray(y, int)]


def initial(model: Any, dropout_seed: int) -> dict[str, Any]:
    """path -> value as Keras drew it; the seeds of dropout and its like are the run's own."""
    return {
        owned.path: seed_state(
            dropout_seed, owned.path, keras.backend.standardize_dtype(owned.variable.dtype)
        )
        if is_seed(owned)
        else np.asarray(owned.variable.value)
        for owned in variables(model)
    }


def switch(model: Any, config: Mapping[str, Any], trained: Collection[str]) -> None:
    """Set the model's `trainable` flags so that the paths in `trained` train.

    `as_built` leaves them alone. With any other subset every layer is switched on first, so that
    batch statistics stay live, and what stays frozen is switched off one variable at a time.
    """
    if config["subset.train"] == "as_built":
        return
    model.trainable = True
    for owned in variables(model):
        if owned.parameter:
            owned.variable.trainable = owned.path in trained


def penalties(model: Any) -> bool:
    """Whether the model may add losses of its own to that of its outputs."""
    return any(variable.regularizer is not None for variable in model.trainable_variables) or any(
        getattr(layer, "activity_regularizer", None) is not None
        or isinstance(layer, keras.layers.ActivityRegularization)
        or not type(layer).__module__.startswith("keras.")
        for layer in model._flatten_layers()
    )


def _columns(model: Any) -> int | None:
    outputs = getattr(model, "outputs", None) or getattr(model, "_outputs", None)
    if outputs:
        return int(outputs[0].shape[-1])
    return None
