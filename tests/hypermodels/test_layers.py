"""Layers with numbers as inputs: equal to Keras's and to NumPy, and never traced again."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest
from scipy import special

from hpstudy.hypermodels import layers
from hpstudy.hypermodels.mlp import build
from hpstudy.spec.declarations import DataShape

TOLERANCE = {"float32": 2e-5, "float64": 1e-13}


def batch(dtype: str, seed: int = 0) -> Any:
    return (np.random.default_rng(seed).normal(1, 3, (16, 6))).astype(dtype)


def close(one: Any, other: Any, precision: str) -> None:
    limit = TOLERANCE[precision]
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=limit, atol=limit)


@pytest.mark.parametrize(("momentum", "epsilon"), [(0.9, 1e-5), (0.25, 0.1)])
def test_batch_normalisation_is_the_formula(
    precision: str, momentum: float, epsilon: float
) -> None:
    layer = layers.BatchNormalization(momentum, epsilon)
    mean, variance = np.zeros(6), np.ones(6)
    for seed in range(3):
        x = batch(precision, seed)
        live = (x - x.mean(0)) / np.sqrt(x.var(0) + epsilon)
        close(layer(x, training=True), live, precision)
        mean = momentum * mean + (1 - momentum) * x.mean(0)
        variance = momentum * variance + (1 - momentum) * x.var(0)
        close(layer.moving_mean.value, mean, precision)
        close(layer.moving_variance.value, variance, precision)
    close(layer(x, training=False), (x - mean) / np.sqrt(variance + epsilon), precision)


def test_batch_normalisation_is_keras_own() -> None:
    ours = layers.BatchNormalization(0.7, 1e-3, axis=-1)
    keras_own = keras.layers.BatchNormalization(momentum=0.7, epsilon=1e-3)
    for seed in range(3):
        x = batch("float32", seed)
        close(ours(x, training=True), keras_own(x, training=True), "float32")
        close(ours(x), keras_own(x), "float32")


def test_batch_statistics_are_live_whatever_is_frozen() -> None:
    layer, x = layers.BatchNormalization(0.5), batch("float32")
    layer.build(x.shape)
    layer.gamma.trainable = layer.beta.trainable = False
    layer.trainable = False
    close(layer(x, training=True), (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), "float32")
    close(layer.moving_mean.value, 0.5 * x.mean(0), "float32")


def test_layer_normalisation_is_the_formula(precision: str) -> None:
    x = batch(precision)
    expected = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 0.01)
    close(layers.LayerNormalization(0.01)(x), expected, precision)


def test_dropout_drops_the_rate_and_keeps_the_mean(precision: str) -> None:
    layer, x = layers.Dropout(0.3, seed=4), np.ones((200, 100), precision)
    once, again = (np.asarray(layer(x, training=True)) for _ in range(2))
    assert set(np.unique(once)) == {0, x.dtype.type(1) / (1 - x.dtype.type(0.3))}
    assert abs((once == 0).mean() - 0.3) < 0.02
    assert (once != again).any()
    np.testing.assert_array_equal(layer(x, training=False), x)
    np.testing.assert_array_equal(once, layers.Dropout(0.3, seed=4)(x, training=True))


def test_numbers_are_inputs_of_one_program() -> None:
    config = {"depth": 1, "width": 4, "dropout": 0.5}
    model = build(config, DataShape((6,), "classification", 3))
    names = [variable.path for variable in model.non_trainable_variables]
    traces = 0

    @jax.jit
    def run(trainable: Any, states: Any, x: Any) -> Any:
        nonlocal traces
        traces += 1
        return model.stateless_call(trainable, states, x, training=True)

    trainable = [variable.value for variable in model.trainable_variables]
    seen = []
    for momentum, epsilon, rate in ((0.9, 1e-5, 0.5), (0.1, 1e-5, 0.5), (0.1, 9.0, 0.0)):
        states = [variable.value for variable in model.non_trainable_variables]
        given = {"momentum": momentum, "epsilon": epsilon, "rate": rate}
        for index, name in enumerate(names):
            if name.split("/")[-1] in given:
                states[index] = np.float32(given[name.split("/")[-1]])
        outputs, states = run(trainable, states, batch("float32"))
        seen.append(np.concatenate([np.ravel(outputs), np.ravel(states[0])]))
    assert traces == 1
    assert len({array.tobytes() for array in seen}) == 3


ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "tanh": np.tanh,
    "gelu": lambda x: x * special.ndtr(x),
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
    "silu": lambda x: x * special.expit(x),
    "sigmoid": special.expit,
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
}


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_network_keeps_its_precision(precision: str, activation: str) -> None:
    config = {"depth": 1, "width": 4, "activation": activation, "normalisation": "none"}
    model = build(config, DataShape((6,), "regression", 1))
    kernel, bias, last, end = (np.asarray(v.value) for v in model.trainable_variables)
    x = batch(precision)
    hidden = ACTIVATIONS[activation](x @ kernel + bias)
    close(model(x), hidden @ last + end, precision)


@pytest.mark.parametrize(
    "layer",
    [
        layers.BatchNormalization(0.3, 0.2, gamma_initializer="ones"),
        layers.LayerNormalization(0.2),
        layers.Dropout(0.25, seed=3),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_layer_is_rebuilt_from_its_config(layer: Any) -> None:
    x = batch("float32")
    layer.build(x.shape)
    again = type(layer).from_config(layer.get_config())
    again.build(x.shape)
    for name in layer.program_inputs:
        assert float(getattr(again, name).value) == float(getattr(layer, name).value)
    close(layer(x), again(x), "float32")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: layers.BatchNormalization(axis=1), "last axis"),
        (lambda: layers.BatchNormalization(renorm=True), "neither renorm"),
        (lambda: layers.LayerNormalization(axis=1), "last axis"),
        (lambda: layers.Dropout(1.0), r"allowed are numbers in \[0, 1\)"),
    ],
)
def test_what_the_layers_do_not_do_is_told(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
