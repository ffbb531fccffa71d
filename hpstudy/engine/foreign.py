"""Somebody else's hypermodel in a worker: discovered, or prepared for one run."""

from __future__ import annotations

import hashlib
import re
import traceback
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from hpstudy.engine import holding
from hpstudy.engine.captured import Call, captured
from hpstudy.engine.job import Probe
from hpstudy.engine.parts import targets
from hpstudy.hypermodels import foreign
from hpstudy.hypermodels.asking import AskingHyperParameters, answered
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.initial import is_seed, seed_state
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import BATCH, HP, LEFT, NETWORK, compiles
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import Scalar
from hpstudy.subsets.keras import tensors, variables
from hpstudy.subsets.rules import Rule, count
from hpstudy.tracebacks import told

FEW = 64  # examples that a hypermodel's `fit` sees while its space is discovered
BATCH_SIZE = 32  # Keras's own, where neither the study file nor `fit` says one
EPOCHS = "training.length.epochs"
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


@dataclass(frozen=True)
class Sample:
    """A few examples, for what a hypermodel's `fit` does with data: inputs and labels twice."""

    x: Any
    y: Any
    x_val: Any
    y_val: Any


@dataclass(frozen=True)
class Prepared:
    """A model with its initial values; `why` says what keeps the compiled engine from it."""

    hypermodel: Any
    hp: Any
    model: Any
    call: Call | None
    why: str | None

    def inputs(self, model: Any, x: Any, y: Any, config: Mapping[str, Any]) -> Any:
        """`x` as the hypermodel's `fit` hands it to the model; `y` is one label of its kind.

        Raises ModelError where `fit` changes its data and shows no changed validation data.
        """
        if self.call is None or self.call.untouched:
            return x
        labels = np.repeat(y, len(x), axis=0)
        few = x[:FEW], labels[:FEW]
        call = captured(self.hypermodel, self.hp, model, *few, (x, labels), **options(config))
        if call is None or call.validation is None:
            raise ModelError(
                "the hypermodel's fit changes its data and hands model.fit no validation_data, so "
                "it cannot be known what its model takes"
            )
        return call.validation[0]


def options(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the study file says of `model.fit`, as `Tuner.search` would hand it to `fit`."""
    left = config.get(LEFT, ())
    said = {"epochs": EPOCHS, "batch_size": BATCH}
    return {name: config[key] for name, key in said.items() if key in config and name not in left}


def prepared(
    config: Mapping[str, Any], init_seed: int, shape: DataShape, sample: Sample
) -> Prepared:
    """The model of a full configuration."""
    made = foreign.hypermodel(config)
    hp = answered(config)
    model, call = _met(made, hp, config, init_seed, shape, sample)
    if call is None:
        # it has trained on the sample, so it begins anew
        model = foreign.build(made, hp, init_seed)
        foreign.finish(model, sample.x)
    why = holding.beyond(model, call, shape, config)
    if why is None and _reads(model, call, config, init_seed, shape, sample):
        why = "its fit changes the model by what it reads in the data"
    return Prepared(made, hp, model, call, why)


def discover(
    probe: Probe, ask: Callable[[Registered], Scalar], shape: DataShape, sample: Sample
) -> dict[str, Any]:
    """What building and fitting a trial's hypermodel tells, as plain data; nothing is trained.

    `ask` answers each parameter when it is first met. What is raised is a `reason`, and settings
    that both the study file and the hypermodel decide are listed as `collisions`.
    """
    config = dict(probe.config)

    def answer(asked: Registered) -> Scalar:
        value = config[f"{HP}{asked.name}"] = ask(asked)
        return value

    found: dict[str, Any] = {"training": {}, "counts": {}, "collisions": [], "reason": None}
    try:
        made = foreign.hypermodel(config)
        hp = AskingHyperParameters(answer)
        init = probe.seeds["initialisation"]
        model, call = _met(made, hp, config, init, shape, sample)
        _reads(model, call, config, init, shape, sample)
        training, collisions = _decided(model, call, config, shape)
        counts = count(Rule.from_config(config), tensors(model))
        found |= {"training": training, "collisions": collisions}
        found["counts"] = {
            "trained": counts.trained,
            "frozen": counts.frozen,
            "total": counts.total,
        }
        if not counts.trained and config["subset.train"] != "none":
            train = config["subset.train"]
            found["reason"] = f"train: {train!r} trains nothing in this network"
    except (Exception, SystemExit) as error:
        found["reason"] = told(traceback.format_exc())
        found["collisions"] = _twice(error, config)
    return found


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


def _network(model: Any, shape: DataShape) -> str:
    """A digest of what a discovered network computes; of its shapes where it cannot be traced."""
    try:
        if keras.backend.backend() == "jax":
            return architecture(model, 2, shape)
    except Exception:
        # the reference path may well train what cannot be traced
        pass
    shapes = [(owned.path, tuple(owned.variable.shape)) for owned in variables(model)]
    return hashlib.sha256(repr(shapes).encode()).hexdigest()[:16]


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


def sample_of(split: Any) -> Sample:
    """A sample of a `hpstudy.data` split, in the form that the whole is trained in."""
    task, dtype = split.shape.task, keras.config.floatx()
    x, x_val = (np.asarray(one[:FEW], dtype) for one in (split.x_train, split.x_val))
    y, y_val = (targets(task, one[:FEW], dtype) for one in (split.y_train, split.y_val))
    return Sample(x, y, x_val, y_val)


def _met(
    made: Any, hp: Any, config: Mapping[str, Any], init: int, shape: DataShape, sample: Sample
) -> tuple[Any, Call | None]:
    """The built model, and how `fit` calls `model.fit`."""
    model = foreign.build(made, hp, init)
    y, y_val = (labels(model, one, shape) for one in (sample.y, sample.y_val))
    call = captured(made, hp, model, sample.x, y, (sample.x_val, y_val), **options(config))
    foreign.finish(model, call.x if call is not None else sample.x)
    return model, call


def _reads(
    model: Any,
    call: Call | None,
    config: Mapping[str, Any],
    init: int,
    shape: DataShape,
    sample: Sample,
) -> bool:
    """Whether `fit` leaves another model to be trained where it is given half of the sample.

    Raises ModelError where it hands `model.fit` another batch size or number of epochs then.
    """
    if call is None:
        return False
    half = Sample(*(part[: FEW // 2] for part in (sample.x, sample.y, sample.x_val, sample.y_val)))
    made = foreign.hypermodel(config)
    other, again = _met(made, answered(config), config, init, shape, half)
    for name in ("batch_size", "epochs"):
        seen = [one.options.get(name) if one is not None else None for one in (call, again)]
        if seen[0] != seen[1]:
            raise ModelError(
                f"the hypermodel's fit takes {name} from its data ({seen[0]} for {FEW} examples, "
                f"{seen[1]} for {FEW // 2}); here it must be known before the data is"
            )
    values = {owned.path: np.asarray(owned.variable.value) for owned in variables(other)}
    return any(
        not np.array_equal(np.asarray(owned.variable.value), values[owned.path])
        for owned in variables(model)
    )


def _decided(
    model: Any, call: Call | None, config: Mapping[str, Any], shape: DataShape
) -> tuple[dict[str, Any], list[str]]:
    """Settings that the hypermodel decides, and those that the study file gives all the same."""
    options = call.options if call is not None else {}
    found: dict[str, Any] = {LEFT: [], NETWORK: _network(model, shape)}
    collisions: list[str] = []
    for key, name, usual in ((BATCH, "batch_size", BATCH_SIZE), (EPOCHS, "epochs", 1)):
        given = options.get(name) or config.get(key) or usual
        if key not in config:
            found[LEFT].append(name)
        elif given != config[key]:
            collisions.append(key)
        found[key] = int(given)
    if model.compiled:
        collisions += compiles(config)
        found |= holding.optimizer(model) or _other_optimizer(model)
        named = holding.loss_name(model.loss) or getattr(model.loss, "__name__", "its own")
        found |= holding.loss(model) or {"training.loss": str(named)}
    elif shape.task == "classification" and config.get("training.loss", "auto") == "auto":
        found["training.loss"] = "auto"
        if holding.ends_in_softmax(model):
            found["training.loss"] = holding.PROBABILITIES
    return found, collisions


def _other_optimizer(model: Any) -> dict[str, Any]:
    rate = holding.settings(model.optimizer).get("learning_rate")
    if not isinstance(rate, float):
        given = model.optimizer.learning_rate
        rate = float(getattr(given, "value", given))
    return {
        "training.optimizer": type(model.optimizer).__name__.lower(),
        "training.learning_rate": rate,
    }


def _twice(error: BaseException, config: Mapping[str, Any]) -> list[str]:
    """Arguments that both the study and the hypermodel's `fit` hand to `model.fit`."""
    text = str(error)
    if not isinstance(error, TypeError) or "multiple values for keyword argument" not in text:
        return []
    names = {"batch_size": BATCH, "epochs": EPOCHS}
    return [key for name, key in names.items() if f"'{name}'" in text and key in config]


def _columns(model: Any) -> int | None:
    outputs = getattr(model, "outputs", None) or getattr(model, "_outputs", None)
    if outputs:
        return int(outputs[0].shape[-1])
    return None
