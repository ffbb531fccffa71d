"""The subset word `shortcut`: what it names in our networks and in other people's."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.resnet import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.keras import tensors
from hpstudy.subsets.rules import Rule, RuleError, count, select

L = keras.layers
IMAGES = DataShape((8, 8, 1), "classification", 4)
PATHS = ["shortcut_2_1/kernel", "shortcut_3_1/kernel"]


def named(model: Any) -> list[str]:
    return [tensor.path for tensor in tensors(model) if tensor.shortcut]


def test_it_names_the_convolutions_and_not_their_normalisation() -> None:
    found = HYPERMODELS["resnet"].tensors({"depth": 8}, IMAGES)
    chosen = select(Rule("shortcut"), found, 0)
    assert [path for path, part in chosen.items() if part == "all"] == PATHS
    left = select(Rule("all-shortcut"), found, 0)
    assert [path for path, part in left.items() if part == "none"] == PATHS


def test_a_network_made_again_from_its_config_still_says_it() -> None:
    model = build({"depth": 8}, IMAGES)
    again = keras.Model.from_config(model.get_config())
    assert named(model) == named(again) == named(keras.models.clone_model(model)) == PATHS


def test_a_layer_of_ones_own_may_say_it() -> None:
    class Projection(L.Dense):  # type: ignore[misc]
        shortcut = True

    inputs = keras.Input((4,))
    x = L.Add()([L.Dense(3, name="straight")(inputs), Projection(3, name="around")(inputs)])
    model = keras.Model(inputs, L.Dense(2, name="head")(x))
    assert named(model) == ["around/kernel", "around/bias"]
    assert count(Rule("shortcut"), tensors(model)).trained == 15


@pytest.mark.parametrize("train", ["shortcut", "batchnorm+shortcut", "all-shortcut"])
def test_a_network_that_says_nothing_of_shortcuts_is_told(train: str) -> None:
    with pytest.raises(RuleError, match="no layer of this network says.*`shortcut = True`"):
        count(Rule(train), HYPERMODELS["mlp"].tensors({}, IMAGES))
