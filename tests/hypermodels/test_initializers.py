"""Initialisers: the distributions that they promise, drawn by NumPy and from a seed alone."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.hypermodels import initializers as ours
from hpstudy.hypermodels.initializers import InitializerError, draw

K = keras.initializers
SHAPE = (3, 3, 20, 50)  # fan-in 180, fan-out 450
HE = math.sqrt(2 / 180)

DEVIATIONS = {
    "he_normal": (ours.HeNormal(), HE, 6 * HE),
    "he_uniform": (ours.HeUniform(), HE, HE * math.sqrt(3)),
    "glorot_uniform": (ours.GlorotUniform(), math.sqrt(2 / 630), math.sqrt(6 / 630)),
    "binary": (ours.Binary(), HE, HE),
    "normal": (ours.Normal(), 1, 6),
    "keras_he_normal": (K.HeNormal(), HE, 2 * HE / 0.8796),
    "keras_lecun_uniform": (K.LecunUniform(), HE / math.sqrt(2), HE * math.sqrt(1.5)),
    "keras_fan_out": (K.VarianceScaling(2, "fan_out", "untruncated_normal"), HE * 0.6325, 6 * HE),
    "keras_fan_avg": (K.GlorotNormal(), math.sqrt(2 / 630), math.sqrt(2 / 630) * 2 / 0.8796),
    "keras_random_normal": (K.RandomNormal(0.0, 0.3), 0.3, 2),
    "keras_random_uniform": (K.RandomUniform(-1, 1), 1 / math.sqrt(3), 1),
    "keras_truncated": (K.TruncatedNormal(0.0, 1.0), 0.8796, 2),
}


@pytest.mark.parametrize("name", DEVIATIONS)
def test_values_have_the_promised_spread(name: str) -> None:
    initializer, deviation, limit = DEVIATIONS[name]
    values = draw(initializer, SHAPE, 7)
    assert values.shape == SHAPE
    assert abs(values.mean()) < 0.03 * deviation
    assert values.std() == pytest.approx(deviation, rel=0.03)
    assert np.abs(values).max() <= limit * (1 + 1e-12)


def test_he_normal_is_not_truncated() -> None:
    assert np.abs(draw(ours.HeNormal(), SHAPE, 7)).max() > 3 * HE


def test_binary_has_two_values_equally_often() -> None:
    values, counts = np.unique(draw(ours.Binary(), SHAPE, 7), return_counts=True)
    np.testing.assert_allclose(values, [-HE, HE])
    assert abs(counts[0] / counts.sum() - 0.5) < 0.02


def test_uniform_lies_between_zero_and_one() -> None:
    values = draw(ours.Uniform(), (4000,), 7)
    assert 0 <= values.min() < 0.01 < 0.99 < values.max() < 1


@pytest.mark.parametrize("initializer", [ours.Orthogonal(), K.Orthogonal(gain=1.0)])
@pytest.mark.parametrize("shape", [(12, 5), (5, 12), (2, 3, 4, 6)])
def test_orthogonal_values_are_orthonormal(initializer: Any, shape: tuple[int, ...]) -> None:
    matrix = draw(initializer, shape, 7).reshape(-1, shape[-1])
    rows, columns = matrix.shape
    product = matrix.T @ matrix if rows >= columns else matrix @ matrix.T
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=1e-12)


@pytest.mark.parametrize(
    ("initializer", "value"),
    [
        (ours.zeros(), 0),
        (ours.ones(), 1),
        (ours.Constant(0.25), 0.25),
        (K.Zeros(), 0),
        (K.Ones(), 1),
        (K.Constant(0.25), 0.25),
    ],
)
def test_constants_are_constant(initializer: Any, value: float) -> None:
    np.testing.assert_array_equal(draw(initializer, (3, 2), 7), np.full((3, 2), value))


def test_values_depend_on_the_seed_alone() -> None:
    one, two = ours.HeNormal(seed=1), ours.HeNormal(seed=2)
    np.testing.assert_array_equal(draw(one, (4, 4), 7), draw(two, (4, 4), 7))
    assert not np.array_equal(draw(one, (4, 4), 7), draw(one, (4, 4), 8))


@pytest.mark.parametrize(
    "initializer",
    [ours.HeNormal(3), ours.Binary(3), ours.Constant(2.5)],
    ids=lambda i: type(i).__name__,
)
def test_in_keras_the_initialisers_own_seed_counts(initializer: Any) -> None:
    again = K.deserialize(K.serialize(initializer))
    values = keras.ops.convert_to_numpy(initializer((5, 4), dtype="float32"))
    np.testing.assert_array_equal(values, keras.ops.convert_to_numpy(again((5, 4))))
    expected = draw(initializer, (5, 4), 3).astype("float32")
    np.testing.assert_array_equal(values, expected)


def test_keras_global_seed_governs_unseeded_initialisers() -> None:
    def seeded() -> int:
        keras.utils.set_random_seed(4)
        return ours.HeNormal().seed

    assert seeded() == seeded()
    assert ours.HeNormal().seed != ours.HeNormal().seed


def test_an_unknown_initialiser_is_refused_by_name() -> None:
    with pytest.raises(InitializerError, match="Identity cannot be drawn"):
        draw(K.Identity(), (3, 3), 0)
    with pytest.raises(InitializerError, match="two axes"):
        draw(ours.Orthogonal(), (3,), 0)
