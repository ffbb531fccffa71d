"""Which of other people's models the compiled engine trains, and which plain `model.fit` does.

The compiled engine holds a model when all of this is so; for everything else the run says why not.

    fit        the hypermodel's `fit` calls `model.fit` once, on the data as given, with no
               callbacks, weights or splits of its own
    model      a functional, Sequential or subclassed `keras.Model` that overrides none of Keras's
               training steps, in the study's dtype, with one input and one output, of one column
               for each class or target; no constraint on its weights
    optimizer  exactly Keras's SGD (without Nesterov or decay), Adam or AdamW, at a fixed rate,
               without clipping, averaging or accumulation
    loss       one of those in `LOSSES` below, without weights or smoothing, averaged over the batch
    metrics    accuracy, or mean squared or absolute error
    batches    the last partial batch is dropped: Keras's own layers would count its padding
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import keras

from hpstudy.engine.captured import Call
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.training import MOST_MOMENTUM

_STEPS = (
    "fit",
    "evaluate",
    "train_step",
    "test_step",
    "compute_loss",
    "compute_metrics",
    "make_train_function",
    "make_test_function",
    "compute_loss_and_updates",
    "stateless_call",
)
_METRICS = {
    "classification": ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy"),
    "regression": ("mse", "mae", "mean_squared_error", "mean_absolute_error"),
}
# Keras's losses that the engine has: its name for them, and what they must be set to
LOSSES: Mapping[str, str] = {
    "sparse_categorical_crossentropy": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
    "huber": "huber",
}
_SHORT = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "huber_loss": "huber"}
_NONE_OF = (
    "clipnorm",
    "global_clipnorm",
    "clipvalue",
    "use_ema",
    "loss_scale_factor",
    "gradient_accumulation_steps",
    "nesterov",
    "amsgrad",
)
PROBABILITIES = "cross_entropy_of_probabilities"


def beyond(
    model: Any, call: Call | None, shape: DataShape, config: Mapping[str, Any]
) -> str | None:
    """Why the compiled engine does not hold a model, in words; None where it does."""
    if keras.backend.backend() != "jax":
        return f"Keras runs on {keras.backend.backend()}"
    if call is None:
        return "its fit trains the model by itself"
    own = own_steps(model)
    if own:
        return f"{type(model).__name__} overrides {', '.join(own)}"
    if call.own:
        return call.own
    return (
        _ends(model, shape)
        or (_compiled(model, shape) if model.compiled else None)
        or _batches(config)
    )


def own_steps(model: Any) -> list[str]:
    """The steps of Keras's training that a model's class has in a way of its own."""
    return overrides(model, _STEPS)


def overrides(model: Any, names: Iterable[str]) -> list[str]:
    """Those of the methods of `keras.Model` that a model's class has in a way of its own."""
    pairs = ((name, getattr(type(model), name, None)) for name in names)
    return [name for name, one in pairs if one is not getattr(keras.Model, name, None)]


def optimizer(model: Any) -> dict[str, Any] | None:
    """The `training.` settings that a compiled model's optimizer stands for; None for others."""
    one, said = model.optimizer, settings(model.optimizer)
    rate = said.get("learning_rate")
    kinds = {keras.optimizers.SGD: "sgd", keras.optimizers.Adam: "adam"}
    kinds[keras.optimizers.AdamW] = "adamw"
    kind = kinds.get(type(one))
    if kind is None or any(said.get(name) for name in _NONE_OF) or not isinstance(rate, float):
        return None
    decay = said.get("weight_decay")
    # what is spared from decay stands in no config
    spared = ("_exclude_from_weight_decay", "_exclude_from_weight_decay_pattern")
    if decay and (kind != "adamw" or any(getattr(one, name, None) for name in spared)):
        return None
    if kind == "sgd" and said["momentum"] > MOST_MOMENTUM:
        return None
    names = {"momentum": "momentum"}
    if kind != "sgd":
        names = {"beta_1": "beta_1", "beta_2": "beta_2", "epsilon": "adam_epsilon"}
    if kind == "adamw":
        names["weight_decay"] = "weight_decay"
    held = {own: float(said[name] or 0.0) for name, own in names.items()}
    found = {"optimizer": kind, "learning_rate": rate, **held}
    return {f"training.{name}": value for name, value in found.items()}


def settings(optimizer: Any) -> dict[str, Any]:
    """What a Keras optimizer says of itself."""
    with warnings.catch_warnings():
        # Keras reads its learning rate in a way that NumPy no longer likes
        warnings.simplefilter("ignore", DeprecationWarning)
        said: dict[str, Any] = optimizer.get_config()
    return said


def loss(model: Any) -> dict[str, Any] | None:
    """The `training.` settings that a compiled model's loss stands for; None for others."""
    given = model.loss
    name, options = loss_name(given), {}
    if isinstance(given, keras.losses.Loss):
        options = {k: v for k, v in given.get_config().items() if k not in ("name", "dtype", "fn")}
    if name not in LOSSES:
        return None
    if options.pop("reduction", "sum_over_batch_size") != "sum_over_batch_size":
        return None
    logits = options.pop("from_logits", False)
    # Keras smooths the labels of the validation part too
    usual = {"axis": -1, "ignore_class": None, "delta": 1.0, "label_smoothing": 0.0}
    if any(name not in usual or value != usual[name] for name, value in options.items()):
        return None
    word = LOSSES[str(name)]
    return {"training.loss": word if word != "cross_entropy" or logits else PROBABILITIES}


def loss_name(given: Any) -> str | None:
    """Keras's name for one of its own losses, given as a word, a function or an object."""
    if isinstance(given, str):
        return _SHORT.get(given.lower(), given.lower())
    kind = given if callable(given) and hasattr(given, "__name__") else type(given)
    if not kind.__module__.startswith("keras."):
        return None
    if isinstance(given, keras.losses.Loss):
        fn = getattr(given, "fn", None)
        return getattr(fn, "__name__", None)
    return str(kind.__name__)


def ends_in_softmax(model: Any) -> bool:
    """Whether a functional or Sequential model's last layer gives probabilities."""
    layers = getattr(model, "layers", None)
    last = layers[-1] if layers else None
    if isinstance(last, keras.layers.Softmax):
        return True
    return getattr(last, "activation", None) is keras.activations.softmax


def _ends(model: Any, shape: DataShape) -> str | None:
    import jax

    if model.dtype_policy.compute_dtype != keras.config.floatx():
        return f"it computes in {model.dtype_policy.compute_dtype}"
    if any(variable.constraint is not None for variable in model.variables):
        return "its weights have constraints"
    inputs = getattr(model, "inputs", None)
    if inputs is not None and len(inputs) != 1:
        return f"it has {len(inputs)} inputs"
    values = [
        [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in some]
        for some in (model.trainable_variables, model.non_trainable_variables)
    ]
    x = jax.ShapeDtypeStruct((2, *shape.input_shape), keras.config.floatx())
    try:
        # as the engine calls it: a call of its own may take no `training`
        outputs, _ = jax.eval_shape(partial(model.stateless_call, training=True), *values, x)
    except Exception as error:
        return f"stateless_call does not work on it: {str(error).splitlines()[0]}"
    if not hasattr(outputs, "shape"):
        return "it has several outputs"
    wanted = (2, shape.outputs)
    return None if outputs.shape == wanted else f"its outputs are {outputs.shape[1:]}"


def _compiled(model: Any, shape: DataShape) -> str | None:
    if optimizer(model) is None:
        name = type(model.optimizer).__name__
        return f"its optimizer {name} has settings that the compiled engine does not have"
    found = loss(model)
    if found is None or getattr(model._compile_loss, "_user_loss_weights", None) is not None:
        return f"its loss {model.loss} is not one of the compiled engine's"
    held = str(found["training.loss"])
    if held.startswith("cross_entropy") != (shape.task == "classification"):
        return f"its loss {model.loss} is not one for {shape.task}"
    return _metrics(model, shape.task)


def _metrics(model: Any, task: str) -> str | None:
    held = getattr(model, "_compile_metrics", None)
    if held is None:
        return None
    if held._user_weighted_metrics:
        return "it has weighted metrics"
    given = held._user_metrics
    for one in given if isinstance(given, list | tuple) else [given]:
        name = one if isinstance(one, str) else getattr(one, "name", None)
        plain = isinstance(one, str) or type(one).__module__.startswith("keras.")
        if not plain or str(name).lower() not in _METRICS[task]:
            return f"its metric {name or one} is not one of the compiled engine's"
    return None


def _batches(config: Mapping[str, Any]) -> str | None:
    if config.get("training.last_batch") == "keep":
        return "training.last_batch is keep, and Keras's own layers would count the padding"
    return None
