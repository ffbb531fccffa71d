"""What a model gives for an example, held against the data before anything trains."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from hpstudy.engine import outputs
from hpstudy.engine.captured import Call
from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.declarations import DataShape

TEN = DataShape((8, 8, 1), "classification", 10)
TWO = DataShape((8, 8, 1), "classification", 2)
TARGET = DataShape((8, 8, 1), "regression", 1)
X = np.zeros((4, 8, 8, 1), "float32")
CALL = Call(X, None, None, {}, None, True)


def graph(*last: Any, shape: tuple[int | None, ...] = (8, 8, 1)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *last])


def units(number: int, loss: Any = None, kind: type[keras.Model] = keras.Sequential) -> Any:
    model = kind([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(number)])
    if loss is not None:
        model.compile("sgd", loss)
    return model


class Called(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.flatten, self.out = layers.Flatten(), layers.Dense(7)

    def call(self, x: Any) -> Any:
        return self.out(self.flatten(x))


class Untraceable(Called):
    def call(self, x: Any) -> Any:
        return super().call(x) if float(x[0, 0, 0, 0]) else x


class Averaged(keras.Sequential):
    """Gives other outputs than its layers do."""

    def call(self, x: Any, *args: Any, **given: Any) -> Any:
        return keras.ops.reshape(super().call(x), (-1, 10, 2)).mean(axis=2)


class Predicts(keras.Sequential):
    def predict_step(self, *args: Any) -> Any:
        raise AssertionError("nothing is predicted here")


class Steps(keras.Sequential):
    def compute_loss(self, *args: Any, **given: Any) -> Any:
        raise AssertionError("nothing is trained here")


@pytest.mark.parametrize(
    ("model", "shape", "told"),
    [
        (units(7), TEN, "gives 7 outputs for each example, and this data has 10 classes, each of"),
        (units(12, "sparse_categorical_crossentropy"), TEN, "let its last layer have 10 units"),
        (units(1, "binary_crossentropy"), TEN, "gives 1 output for each example, and this data"),
        (Called(), TEN, "gives 7 outputs for each example"),
        (graph(layers.Dense(10)), TEN, "gives outputs of shape (8, 8, 10) for each example"),
        (units(3), TWO, "have 2 units, or 1 with a sigmoid and binary_crossentropy"),
        (units(3, "mse"), TARGET, "has 1 target to predict; let its last layer have 1 unit"),
        # one column holds no class of its own for each of two
        (units(1), TWO, "gives 1 output for each example of 2 classes, and its loss cross_entropy"),
        (units(1, "sparse_categorical_crossentropy"), TWO, "build compile it with binary_cross"),
        (units(1, keras.losses.CategoricalCrossentropy()), TWO, "loss categorical_crossentropy"),
    ],
)
def test_outputs_that_cannot_be_scored_or_trained_are_told(
    model: Any, shape: DataShape, told: str
) -> None:
    with pytest.raises(ModelError) as error:
        outputs.check(model, CALL, X, shape, {})
    assert told in str(error.value)


def own(targets: Any, given: Any) -> Any:
    return keras.ops.mean(given)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (units(10), TEN),
        (units(10, "binary_crossentropy"), TEN),
        (units(1), TARGET),
        (units(2), TWO),
        (units(1, "binary_crossentropy"), TWO),
        (units(1, "hinge"), TWO),
        (units(1, own), TWO),
        (units(1, "sparse_categorical_crossentropy", Steps), TWO),
        (units(7, kind=Predicts), TEN),
        (units(20, kind=Averaged), TEN),
        (Untraceable(), TEN),
        (graph(layers.Dense(10), shape=(None, None, 1)), TEN),
    ],
)
def test_what_may_well_train_is_left_to_its_training(model: Any, shape: DataShape) -> None:
    outputs.check(model, CALL, X, shape, {})


def test_a_loss_that_nobody_knows_is_used_is_not_held_against_one_output() -> None:
    alone = units(1, "sparse_categorical_crossentropy")
    outputs.check(alone, None, X, TWO, {})
    outputs.check(units(1), CALL, X, TWO, {"training.loss": "mse"})
