"""Which normalisations decide how far a model's moving statistics have come, and after what."""

from typing import Any

import keras
import numpy as np
import pytest
from keras.layers import BatchNormalization, Dense, Input

from hpstudy.engine.moving import counted, slowest
from hpstudy.hypermodels import layers

AS_BUILT, SUBSET = {"subset.train": "as_built"}, {"subset.train": "batchnorm"}


def built(*given: Any) -> Any:
    return keras.Sequential([Input((2,)), *given])


def test_the_slowest_one_decides_of_keras_and_of_ours() -> None:
    assert slowest(built(Dense(2)), SUBSET) is None
    assert slowest(built(BatchNormalization()), AS_BUILT) == 0.99
    both = built(BatchNormalization(momentum=0.5), layers.BatchNormalization(momentum=0.95))
    assert slowest(built(both), SUBSET) == 0.95


def test_what_its_author_froze_moves_under_every_subset_but_as_built() -> None:
    model = built(BatchNormalization(trainable=False), BatchNormalization(momentum=0.9))
    assert [slowest(model, config) for config in (AS_BUILT, SUBSET)] == [0.9, 0.99]


@pytest.mark.parametrize("name", ["moving_mean", "moving_variance"])
def test_pretrained_statistics_have_begun_elsewhere(name: str) -> None:
    model = built(BatchNormalization())
    getattr(model.layers[0], name).assign([0.0, 0.5])
    assert slowest(model, SUBSET) is None


def test_a_loop_of_its_own_is_counted_by_the_optimizer() -> None:
    model = built(Dense(1))
    assert counted(model) == 0
    model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=2), "mse")
    for _ in range(4):
        model.train_on_batch(np.ones((3, 2)), np.ones((3, 1)))
    assert counted(model) == 4
