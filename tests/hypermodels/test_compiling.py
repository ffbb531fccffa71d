"""Plain Keras compiled as the training settings say."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.hypermodels.compiling import SmoothedCrossEntropy, compile_model, loss
from hpstudy.spec.declarations import defaults
from hpstudy.spec.training import TRAINING


def config(**changes: Any) -> dict[str, Any]:
    base = {f"training.{name}": value for name, value in defaults(TRAINING).items()}
    return {**base, **{f"training.{name}": value for name, value in changes.items()}}


def line() -> Any:
    inputs = keras.Input((2,))
    ones = keras.initializers.Ones()
    outputs = keras.layers.Dense(1, use_bias=False, kernel_initializer=ones, name="line")(inputs)
    return keras.Model(inputs, outputs)


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        # zero gradients leave decay alone: coupled with momentum, and decoupled
        ("sgd", [1 - 0.1 * 0.5, 1 - 0.1 * 0.5 * (0.95 + 1.9)]),
        ("adamw", [0.95, 0.95**2]),
        ("adam", [1, 1]),
    ],
)
def test_weight_decay_is_coupled_for_sgd_and_decoupled_for_adamw(
    optimizer: str, expected: list[float]
) -> None:
    model = line()
    compile_model(
        model, config(optimizer=optimizer, weight_decay=0.5, learning_rate=0.1), "regression"
    )
    seen = []
    for _ in range(2):
        model.fit(np.zeros((4, 2), "float32"), np.zeros((4, 1), "float32"), verbose=0)
        seen.append(float(np.asarray(model.get_layer("line").kernel.value)[0, 0]))
    np.testing.assert_allclose(seen, expected, rtol=1e-6)


def test_smoothed_cross_entropy_is_keras_own_on_one_hot_targets() -> None:
    draw = np.random.default_rng(0)
    logits, labels = draw.normal(size=(8, 5)).astype("float32"), draw.integers(0, 5, 8)
    for smoothing in (0.0, 0.2):
        own = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
        ours = SmoothedCrossEntropy(smoothing)
        expected = float(own(np.eye(5, dtype="float32")[labels], logits))
        for shaped in (labels, labels[:, None]):
            assert float(ours(shaped, logits)) == pytest.approx(expected, rel=1e-6)
        again = SmoothedCrossEntropy.from_config(ours.get_config())
        assert float(again(labels, logits)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("name", "task", "kind"),
    [
        ("auto", "classification", SmoothedCrossEntropy),
        ("auto", "regression", keras.losses.MeanSquaredError),
        ("mae", "regression", keras.losses.MeanAbsoluteError),
        ("huber", "regression", keras.losses.Huber),
    ],
)
def test_every_loss_is_named(name: str, task: str, kind: type) -> None:
    assert isinstance(loss(config(loss=name), task), kind)


def test_a_schedule_replaces_the_learning_rate() -> None:
    model = line()
    schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)
    compile_model(model, config(), "regression", schedule)
    assert float(model.optimizer.learning_rate) == 0.5
