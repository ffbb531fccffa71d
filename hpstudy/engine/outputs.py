"""What somebody's model gives for an example, held against what a study of its data scores.

Only what is known without a training is told: the outputs of a graph, or of a `call` that can be
traced. How wide the output is of a model that predicts in a way of its own is seen once it does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras

from hpstudy.engine import holding
from hpstudy.engine.captured import Call
from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.declarations import DataShape

_PREDICTS = ("predict", "predict_step", "make_predict_function")
# Keras's losses that take one output for each class, as their names begin
_OF_CLASSES = ("categorical", "sparse_categorical")


def check(
    model: Any, call: Call | None, x: Any, shape: DataShape, config: Mapping[str, Any]
) -> None:
    """Raise ModelError for outputs that a study of this data cannot score, or not train.

    `x` are the study's inputs, and `call` is how `fit` calls `model.fit`. A score takes one output
    for each class or target; of two classes one will do, unless the loss takes one for each.
    """
    shapes = _shapes(model, call.x if call is not None else x)
    if shapes is None:
        return
    if len(shapes) > 1:
        raise ModelError(
            f"the model has {len(shapes)} outputs; a study's data have one target and its score "
            f"is of one output, so let build give a model of that one, such as "
            f"keras.Model(model.inputs, model.outputs[0])"
        )
    each = tuple(size for size in shapes[0][1:] if size is not None)
    if None in shapes[0][1:] or holding.overrides(model, _PREDICTS):
        return
    width, of_two = math.prod(each), shape.task == "classification" and shape.outputs == 2
    if width == 1 and of_two:
        loss = _loss_of_classes(model, config) if call is not None else None
        if loss is not None:
            raise ModelError(
                f"the model gives 1 output for each example of 2 classes, and its loss {loss} "
                f"takes one for each class; let its last layer have 2 units, or let build compile "
                f"it with binary_crossentropy"
            )
    elif width != shape.outputs:
        one = ", or 1 with a sigmoid and binary_crossentropy" if of_two else ""
        units = f"let its last layer have {_count(shape.outputs, 'unit')}{one}"
        raise ModelError(f"the model gives {_given(each)} for each example, {_asked(shape)}{units}")


def _given(each: tuple[int, ...]) -> str:
    """'7 outputs', 'outputs of shape (8, 8, 10)'."""
    return _count(math.prod(each), "output") if len(each) < 2 else f"outputs of shape {each}"


def _asked(shape: DataShape) -> str:
    if shape.task == "classification":
        return f"and this data has {shape.outputs} classes, each of which takes one; "
    return f"and this data has {_count(shape.outputs, 'target')} to predict; "


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _shapes(model: Any, x: Any) -> list[tuple[int | None, ...]] | None:
    """The shapes of what a model gives for inputs; None where only a training tells."""
    outputs = getattr(model, "outputs", None)
    if outputs is not None:
        # a subclass may do more than its graph says
        outputs = outputs if type(model).call.__module__.startswith("keras.") else None
    else:
        try:
            inputs = keras.tree.map_structure(
                lambda one: keras.KerasTensor((None, *one.shape[1:]), str(one.dtype)), x
            )
            outputs = keras.tree.flatten(model.compute_output_spec(inputs))
        except Exception:
            # what cannot be traced may well be trained; its outputs are looked at then
            return None
    return None if outputs is None else [tuple(one.shape) for one in outputs]


def _loss_of_classes(model: Any, config: Mapping[str, Any]) -> str | None:
    """The name of the loss that `fit` trains by, where it takes one output for each class."""
    if holding.own_steps(model):
        return None
    if not model.compiled:
        given = config.get("training.loss", "auto")
        return "cross_entropy" if given in ("auto", "cross_entropy") else None
    name = holding.loss_name(model.loss)
    return name if name is not None and name.startswith(_OF_CLASSES) else None
