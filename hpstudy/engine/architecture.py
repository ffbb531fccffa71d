"""What somebody else's model computes, as a digest: equal digests share a compiled program."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import Any

import keras
import numpy as np

from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import SHAPES
from hpstudy.subsets.keras import variables

_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def architecture(model: Any, batch: int, shape: DataShape) -> str:
    """A digest of what the model computes on batches of so many examples.

    It is that of the model's own trace, in training and in use: constants that a layer bakes in
    (rates, epsilons) are in it, and initial values, seeds and learning rates are not.
    """
    import jax

    digest = hashlib.sha256()
    for owned in variables(model):
        of = (owned.path, tuple(owned.variable.shape), owned.parameter, owned.variable.trainable)
        digest.update(repr(of).encode())
    values = [
        [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in some]
        for some in (model.trainable_variables, model.non_trainable_variables)
    ]
    x = jax.ShapeDtypeStruct((batch, *shape.input_shape), keras.config.floatx())
    for training in (True, False):
        call = partial(model.stateless_call, training=training, return_losses=True)
        traced = jax.make_jaxpr(call)(*values, x)
        digest.update(_ADDRESS.sub("", str(traced.jaxpr)).encode())
        for constant in traced.consts:
            digest.update(np.asarray(constant).tobytes())
    return digest.hexdigest()[:16]


def network(model: Any, shape: DataShape) -> str:
    """A digest of what a discovered network computes; of its shapes where it cannot be traced."""
    try:
        if keras.backend.backend() == "jax":
            return architecture(model, 2, shape)
    except Exception:
        # the reference path may well train what cannot be traced
        pass
    shapes = [(owned.path, tuple(owned.variable.shape)) for owned in variables(model)]
    return SHAPES + hashlib.sha256(repr(shapes).encode()).hexdigest()[:16]
