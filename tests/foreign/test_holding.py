"""Which models the compiled engine trains, by the rules that `hpstudy.engine.holding` lists."""

from collections.abc import Callable
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from hpstudy.engine import holding, preparing
from hpstudy.engine.captured import Call, captured
from hpstudy.engine.preparing import Sample
from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.declarations import DataShape

SHAPE = DataShape((8, 8, 1), "classification", 10)
CONFIG = {"training.last_batch": "drop"}
PLAIN = Call(None, None, None, {}, None, True)


class Stepped(keras.Sequential):
    def test_step(self, *given: Any) -> Any:
        return super().test_step(*given)


class Own(keras.losses.Loss):
    def call(self, y_true: Any, y_pred: Any) -> Any:
        return keras.ops.sum(y_pred, axis=-1)


class Plain(keras.Model):
    """A call that takes no `training`, which Keras's own training then does not give it."""

    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.out = layers.Flatten(), layers.Dense(10)

    def call(self, x: Any) -> Any:
        return self.out(self.flatten(x))


def plain() -> Any:
    model = Plain()
    model(np.zeros((1, 8, 8, 1), "float32"))
    return model


def net(
    kind: type = keras.Sequential, constraint: Any = None, outputs: int = 10, **compiled: Any
) -> Any:
    model = kind([keras.Input((8, 8, 1)), layers.Flatten()])
    model.add(layers.Dense(outputs, activation="softmax", kernel_constraint=constraint))
    given = {"optimizer": keras.optimizers.SGD(0.1), "loss": "sparse_categorical_crossentropy"}
    model.compile(**{**given, **compiled})
    return model


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (lambda: net(), None),
        (lambda: net(optimizer="adamw", metrics=["acc"]), None),
        (lambda: net(loss=keras.losses.CategoricalCrossentropy()), None),
        (lambda: net(optimizer="rmsprop"), "its optimizer RMSprop"),
        (lambda: net(optimizer=keras.optimizers.SGD(0.1, nesterov=True)), "its optimizer SGD"),
        (lambda: net(optimizer=keras.optimizers.SGD(0.1, weight_decay=0.1)), "its optimizer SGD"),
        (lambda: net(optimizer=keras.optimizers.SGD(0.1, momentum=0.9995)), "its optimizer SGD"),
        (lambda: net(optimizer=keras.optimizers.Adam(clipnorm=1.0)), "its optimizer Adam"),
        (
            lambda: net(optimizer=keras.optimizers.Adam(_falling())),
            "its optimizer Adam has settings",
        ),
        (lambda: net(optimizer=_sparing()), "its optimizer AdamW"),
        (lambda: net(loss=Own()), "its loss"),
        (lambda: net(loss="mse"), "is not one for classification"),
        (lambda: net(loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1)), "its loss"),
        (lambda: net(metrics=["accuracy", keras.metrics.AUC()]), "its metric"),
        (lambda: net(kind=Stepped), "Stepped overrides test_step"),
        (lambda: net(constraint="unit_norm"), "its weights have constraints"),
        (lambda: net(outputs=11), "its outputs are (11,)"),
        (plain, "stateless_call does not work on it"),
    ],
)
def test_what_is_held(model: Callable[[], Any], why: str | None) -> None:
    found = holding.beyond(model(), PLAIN, SHAPE, CONFIG)
    assert (found is None) if why is None else why in str(found)


def test_a_kept_partial_batch_is_not() -> None:
    found = holding.beyond(net(), PLAIN, SHAPE, {"training.last_batch": "keep"})
    assert "count the padding" in str(found)


@pytest.mark.parametrize(
    ("fit", "own"),
    [
        (lambda model, x, y, **given: model.fit(x, y, **given), None),
        (lambda model, x, y, **given: model.fit(x, y, batch_size=16, **given), None),
        (lambda model, x, y, validation_data, **given: model.fit(x, y, **given), None),
        (lambda model, x, y, **given: model.fit(x, y, shuffle=False, **given), "shuffle"),
        (lambda model, x, y, **given: model.fit(x / 2, y, **given), "data of its own"),
        (
            lambda model, x, y, **given: model.fit(x, y, sample_weight=0 * y + 1, **given),
            "sample_weight",
        ),
        (lambda model, x, y, **given: bool(model.fit(x, y, **given)), "goes on after model.fit"),
        (lambda model, x, y, callbacks, **given: _stopping(model, x, y, given), "callbacks"),
    ],
)
def test_what_fit_hands_on_is_captured(
    fit: Callable[..., Any], own: str | None, digits: Any
) -> None:
    class Model(keras_tuner.HyperModel):
        def fit(self, hp: Any, model: Any, *args: Any, **given: Any) -> Any:
            return fit(model, *args, **given)

    sample = Sample.of(digits)
    model = net()
    validation = (sample.x_val, sample.y_val)
    call = captured(Model(), None, model, sample.x, sample.y, validation, epochs=3)
    assert call is not None
    assert (call.own is None) if own is None else own in str(call.own)
    assert call.options["epochs"] == 3
    assert "fit" not in vars(model)


class Reading(keras_tuner.HyperModel):  # type: ignore[misc]
    """Its `fit` does `how` before it trains."""

    def __init__(self, how: str = "") -> None:
        super().__init__()
        self.how = how

    def build(self, hp: Any) -> Any:
        return net()

    def fit(self, hp: Any, model: Any, x: Any, y: Any, **given: Any) -> Any:
        if self.how == "adapt":
            model.layers[-1].bias.assign(np.bincount(np.asarray(y, int), minlength=10))
        if self.how == "size":
            given["batch_size"] = max(1, len(x) // 10)
        return model.fit(x, y, **given)


@pytest.mark.parametrize("how", ["", "adapt", "size"])
def test_a_fit_that_reads_its_data_is_not_held(
    how: str, digits: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing.foreign, "hypermodel", lambda config: Reading(how))
    config = {"model.type": "own:Reading", "training.last_batch": "drop", **CONFIG}

    def why() -> str | None:
        return preparing.prepared(config, 1, SHAPE, Sample.of(digits)).why

    if how == "size":
        with pytest.raises(ModelError, match="takes batch_size from its data"):
            why()
    else:
        assert bool(why()) == (how == "adapt")


def test_two_trainings_in_one_fit_are_refused(digits: Any) -> None:
    class Model(keras_tuner.HyperModel):
        def fit(self, hp: Any, model: Any, *args: Any, **given: Any) -> Any:
            model.fit(*args, **given)
            return model.fit(*args, **given)

    sample = Sample.of(digits)
    validation = (sample.x_val, sample.y_val)
    with pytest.raises(ModelError, match="calls model.fit more than once"):
        captured(Model(), None, net(), sample.x, sample.y, validation, epochs=3)


def _sparing() -> Any:
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def _falling() -> Any:
    return keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)


def _stopping(model: Any, x: Any, y: Any, given: Any) -> Any:
    return model.fit(x, y, callbacks=[keras.callbacks.TerminateOnNaN()], **given)
