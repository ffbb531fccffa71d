"""What somebody's `HyperModel.fit` hands to `model.fit`, learnt without training."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras

from hpstudy.hypermodels.base import ModelError

# the arguments of `model.fit` that leave a run what the study file says it is
_FREE = ("batch_size", "epochs", "verbose", "validation_batch_size")
_SIGNATURE = inspect.signature(keras.Model.fit)


@dataclass(frozen=True)
class Call:
    """One call of `model.fit`: its data, and its arguments beside them.

    `own` says what makes it more than a training on the data as given; None where nothing does.
    `untouched` is whether the data are the very arrays that `fit` was given.
    """

    x: Any
    y: Any
    validation: Any
    options: Mapping[str, Any]
    own: str | None
    untouched: bool


def captured(
    hypermodel: Any, hp: Any, model: Any, x: Any, y: Any, validation: Any, **options: Any
) -> Call | None:
    """The first call of `model.fit` in the hypermodel's `fit`, which trains nothing.

    `options` are those of the study, as `Tuner.search` would hand them on. None where `fit` trains
    the model in another way; then it has done so, on what was given here. Raises what `fit` raises
    before that call.
    """
    calls: list[inspect.BoundArguments | TypeError] = []
    history = keras.callbacks.History()

    def note(*args: Any, **given: Any) -> Any:
        try:
            calls.append(_SIGNATURE.bind(model, *args, **given))
        except TypeError as error:
            calls.append(error)
        return history

    returned = None
    with replaced(model, note):
        try:
            returned = hypermodel.fit(
                hp, model, x, y, validation_data=validation, callbacks=[], **options
            )
        except Exception:
            # what comes after `model.fit` may well need a training
            if not calls:
                raise
    if not calls:
        return None
    first = calls[0]
    if isinstance(first, TypeError):
        return Call(x, y, validation, {}, f"it calls model.fit in a way of its own ({first})", True)
    given = dict(first.arguments)
    data = [given.pop(name, None) for name in ("x", "y", "validation_data")]
    del given["self"]
    if data[0] is x and data[2] is None:
        # without validation data the model takes what it was given
        data[2] = validation
    untouched = all(one is other for one, other in zip(data, (x, y, validation), strict=True))
    own = None
    if len(calls) > 1:
        raise ModelError(
            "the hypermodel's fit calls model.fit more than once; a run is one training here, so "
            "hand all its epochs to one call"
        )
    if returned is not history:
        own = "its fit goes on after model.fit"
    elif not untouched:
        own = "its fit hands model.fit data of its own"
    else:
        changed = [name for name in given if name not in _FREE and not _default(name, given[name])]
        if changed:
            own = f"its fit gives model.fit {', '.join(changed)}"
    return Call(data[0], data[1], data[2], given, own, untouched)


@contextmanager
def replaced(model: Any, fit: Callable[..., Any]) -> Iterator[None]:
    """Within this block `model.fit` is `fit`."""
    # past Keras, which tracks what is set on a model
    object.__setattr__(model, "fit", fit)
    try:
        yield
    finally:
        object.__delattr__(model, "fit")


def _default(name: str, value: Any) -> bool:
    usual = _SIGNATURE.parameters[name].default
    plain = isinstance(value, bool | int | float | str)
    return value is usual or (name == "callbacks" and not value) or (plain and value == usual)
