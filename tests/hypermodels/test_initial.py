"""The plan of a model's variables and their initial values."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.hypermodels.initial import initial_values, plan
from hpstudy.hypermodels.initializers import InitializerError
from hpstudy.hypermodels.mlp import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets import keras as subset

SHAPE = DataShape((6,), "classification", 3)


def mlp(**config: Any) -> Any:
    return build({"depth": 1, "width": 4, **config}, SHAPE)


def test_every_variable_is_planned_with_its_kind() -> None:
    model = mlp(dropout=0.25, norm_momentum=0.7)
    planned = plan(model)
    assert {(one.path, one.shape, one.kind) for one in planned} == {
        ("dense_0/kernel", (6, 4), "parameter"),
        ("norm_0/gamma", (4,), "parameter"),
        ("norm_0/beta", (4,), "parameter"),
        ("norm_0/moving_mean", (4,), "state"),
        ("norm_0/moving_variance", (4,), "state"),
        ("norm_0/momentum", (), "input"),
        ("norm_0/epsilon", (), "input"),
        ("dropout_0/rate", (), "input"),
        ("dropout_0/seed_generator_state", (2,), "state"),
        ("output/kernel", (4, 3), "parameter"),
        ("output/bias", (3,), "parameter"),
    }
    assert [one.path for one in planned] == [one.path for one in subset.variables(model)]
    parameters = tuple(one.path for one in planned if one.kind == "parameter")
    assert parameters == tuple(tensor.path for tensor in subset.tensors(model))
    inputs = {one.path: one.initializer.value for one in planned if one.kind == "input"}
    assert inputs == {"norm_0/momentum": 0.7, "norm_0/epsilon": 1e-5, "dropout_0/rate": 0.25}


def test_values_fit_their_variables_and_come_from_the_seeds() -> None:
    model = mlp(dropout=0.25, gamma_initializer="uniform", beta_initializer=0.5)
    one, same, init, drop = (
        initial_values(plan(model), *seeds) for seeds in ((1, 2), (1, 2), (3, 2), (1, 4))
    )
    for owned in subset.variables(model):
        value = one[owned.path]
        assert (value.shape, str(value.dtype)) == (
            tuple(owned.variable.shape),
            owned.variable.dtype,
        )
        owned.variable.assign(value)
        np.testing.assert_array_equal(value, same[owned.path])
    np.testing.assert_array_equal(one["norm_0/beta"], 0.5)
    np.testing.assert_array_equal(one["norm_0/moving_variance"], 1)
    differs = {path for path in one if not np.array_equal(one[path], init[path])}
    assert differs == {"dense_0/kernel", "output/kernel", "norm_0/gamma"}
    assert {path for path in one if not np.array_equal(one[path], drop[path])} == {
        "dropout_0/seed_generator_state"
    }


def test_a_tensor_keeps_its_values_in_another_network() -> None:
    shallow, deep = (initial_values(plan(mlp(depth=depth)), 1, 2) for depth in (1, 3))
    np.testing.assert_array_equal(shallow["dense_0/kernel"], deep["dense_0/kernel"])
    assert not np.array_equal(deep["dense_1/kernel"], deep["dense_2/kernel"])


def test_a_foreign_model_is_planned_by_its_own_initialisers() -> None:
    inputs = keras.Input((5, 5, 2))
    x = keras.layers.Conv2D(3, 3, kernel_initializer="he_uniform", name="conv")(inputs)
    x = keras.layers.BatchNormalization(name="bn")(x)
    x = keras.layers.DepthwiseConv2D(3, name="depth")(x)
    x = keras.layers.Flatten()(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(keras.layers.Dropout(0.5)(x)))
    values = initial_values(plan(model), 1, 2)
    assert np.abs(values["conv/kernel"]).max() <= np.sqrt(6 / 18)
    assert values["depth/kernel"].std() > 0
    np.testing.assert_array_equal(values["bn/moving_variance"], 1)


class Unplanned(keras.layers.Layer):  # type: ignore[misc]
    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(name="scale", shape=(3,), initializer=self.start())

    def start(self) -> Any:
        return "ones"

    def call(self, inputs: Any) -> Any:
        return inputs * self.scale


class Random(Unplanned):
    def start(self) -> Any:
        return "random_normal"


def test_only_constants_need_no_named_initialiser() -> None:
    constant = keras.Sequential([keras.Input((3,)), Unplanned(name="own")])
    np.testing.assert_array_equal(initial_values(plan(constant), 1, 2)["own/scale"], 1)
    with pytest.raises(InitializerError, match="no attribute scale_initializer"):
        plan(keras.Sequential([keras.Input((3,)), Random(name="own")]))
