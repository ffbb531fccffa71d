"""Splitting and scaling, on examples made for the purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.data import Examples, prepare
from hpstudy.errors import DataError
from hpstudy.spec.space import Scalar
from hpstudy.spec.study import Data


def asked(
    validation: float = 0.2, test: float | None = 0.2, seed: int = 1, **options: Scalar
) -> Data:
    return Data("file", validation, test, seed, options)


def numbered(members: list[int]) -> Examples:
    """Examples whose only feature is their row number, so that a split shows where they went."""
    y = np.repeat(np.arange(len(members)), members).astype(np.int32)
    x = np.arange(len(y), dtype=np.float64)[:, None]
    return Examples(x, y, "classification", len(members), tuple(map(str, range(len(members)))))


def with_official_test(labels: np.ndarray) -> Examples:
    rng = np.random.default_rng(3)
    y = np.tile(np.arange(3), 30).astype(np.int32)
    images, test_images = (rng.integers(0, 256, (n, 4, 4, 1), np.uint8) for n in (90, 30))
    return Examples(images, y, "classification", 3, ("a", "b", "c"), (test_images, labels))


@settings(max_examples=40, deadline=None)
@given(
    members=st.lists(st.integers(8, 40), min_size=2, max_size=5),
    validation=st.floats(0.1, 0.4),
    test=st.floats(0.1, 0.4),
    seed=st.integers(-(2**40), 2**40),
)
def test_parts_are_disjoint_complete_and_stratified(
    members: list[int], validation: float, test: float, seed: int
) -> None:
    examples = numbered(members)
    n = len(examples.y)
    split = prepare(examples, asked(validation, test, seed, scale="none"))
    rows = [x[:, 0].astype(int) for x in (split.x_train, split.x_val, split.x_test)]
    assert sorted(np.concatenate(rows)) == list(range(n))
    assert [len(part) for part in rows[1:]] == [round(validation * n), round(test * n)]
    for part, y in zip(rows, (split.y_train, split.y_val, split.y_test), strict=True):
        assert np.array_equal(examples.y[part], y)
        expected = np.array(members) * len(part) / n
        assert np.abs(np.bincount(y, minlength=len(members)) - expected).max() < 3


def test_the_split_of_a_seed_never_changes() -> None:
    split = prepare(numbered([6, 4]), asked(scale="none"))
    assert split.x_test[:, 0].tolist() == [2, 9]
    assert split.x_val[:, 0].tolist() == [3, 6]


def test_another_validation_fraction_keeps_the_test_split() -> None:
    examples = numbered([40, 30, 30])
    parts = [prepare(examples, asked(v, scale="none")).x_test for v in (0.1, 0.3)]
    assert np.array_equal(*parts)


def test_official_test_labels_reach_neither_train_nor_validation() -> None:
    labels = np.tile(np.arange(3), 10).astype(np.int32)
    told = asked(test=None)
    split = prepare(with_official_test(labels), told)
    permuted = prepare(with_official_test(np.random.default_rng(0).permutation(labels)), told)
    for name in ("x_train", "y_train", "x_val", "y_val", "x_test"):
        assert getattr(split, name).tobytes() == getattr(permuted, name).tobytes()
    assert split.y_test.tolist() == labels.tolist() != permuted.y_test.tolist()
    assert split.fingerprint != permuted.fingerprint
    assert (len(split.y_train), len(split.y_val), len(split.y_test)) == (72, 18, 30)


def test_scaling_is_fitted_on_the_training_part_alone() -> None:
    rng = np.random.default_rng(1)
    examples = Examples(rng.normal(5, 3, (100, 4)), rng.normal(size=100), "regression", 1)
    split = prepare(examples, asked())
    unscaled = prepare(examples, asked(scale="none"))
    mean, deviation = unscaled.x_train.mean(axis=0), unscaled.x_train.std(axis=0)
    for name in ("x_train", "x_val", "x_test"):
        expected = (getattr(unscaled, name) - mean) / deviation
        np.testing.assert_allclose(getattr(split, name), expected, rtol=1e-4, atol=1e-5)


def test_scaling_ignores_what_validation_and_test_hold() -> None:
    labels = np.tile(np.arange(3), 10).astype(np.int32)
    examples = with_official_test(labels)
    assert examples.official_test is not None
    dark = replace(examples, official_test=(np.zeros_like(examples.official_test[0]), labels))
    told = asked(test=None)
    assert np.array_equal(prepare(examples, told).x_train, prepare(dark, told).x_train)


def test_images_have_one_mean_and_tables_one_for_each_column() -> None:
    rng = np.random.default_rng(1)
    columns = rng.normal(size=(50, 6)) * [1, 10, 100, 1, 1, 1] + [0, 5, 0, 0, 0, 7]
    y = np.tile([0, 1], 25).astype(np.int32)
    table = prepare(Examples(columns, y, "classification", 2, ("a", "b")), asked())
    np.testing.assert_allclose(table.x_train.std(axis=0), 1, rtol=1e-5)
    pictures = Examples(columns.reshape(50, 2, 3, 1), y, "classification", 2, ("a", "b"))
    images = prepare(pictures, asked())
    assert images.x_train.std() == pytest.approx(1, rel=1e-5)
    assert images.x_train.reshape(-1, 6).std(axis=0).max() > 2


def test_a_feature_that_is_constant_in_training_is_zero_everywhere() -> None:
    examples = numbered([50, 50])
    constant = np.full((100, 1), 0.1)
    constant[prepare(examples, asked(scale="none")).x_test[:, 0].astype(int)[0]] = 1e6
    split = prepare(replace(examples, x=np.hstack([examples.x, constant])), asked())
    for x in (split.x_train, split.x_val, split.x_test):
        assert not x[:, 1].any()
        assert x[:, 0].any()


def test_a_black_image_set_is_zero() -> None:
    images = replace(numbered([20, 20]), x=np.zeros((40, 3, 3, 1), np.uint8))
    assert not prepare(images, asked()).x_train.any()


def test_regression_targets_come_back_in_their_own_unit() -> None:
    y = np.random.default_rng(2).normal(1000, 50, 80)
    examples = Examples(np.arange(80.0)[:, None], y, "regression", 1)
    split = prepare(examples, asked(scale="none"))
    rows = split.x_val[:, 0].astype(int)
    restored = split.y_val[:, 0] * split.target_scale + split.target_shift
    np.testing.assert_allclose(restored, y[rows], rtol=1e-5)
    assert split.y_train.mean() == pytest.approx(0, abs=1e-5)


def test_the_fingerprint_changes_with_content_split_and_scaling_and_nothing_else() -> None:
    examples = numbered([30, 30])
    brighter = examples.x.copy()
    brighter[5] += 1
    found = {
        prepare(*pair).fingerprint
        for pair in (
            (examples, asked()),
            (examples, asked(seed=2)),
            (examples, asked(validation=0.3)),
            (examples, asked(test=0.3)),
            (examples, asked(scale="none")),
            (replace(examples, x=brighter), asked()),
            (replace(examples, y=examples.y[::-1].copy()), asked()),
            (replace(examples, names=("no", "yes")), asked()),
        )
    }
    assert len(found) == 8
    moved = prepare(examples, asked(path="/elsewhere/data.csv", scale="standard"))
    assert moved.fingerprint == prepare(examples, asked()).fingerprint


@pytest.mark.parametrize(
    ("examples", "data", "message"),
    [
        (numbered([9, 9]), asked(validation=1.0), r"data\.validation: .* saw 1\.0"),
        (numbered([9, 9]), asked(test=0.0), r"data\.test: must lie between 0 and 1"),
        (numbered([9, 9]), asked(test=None), r"data\.test: file has no official test split"),
        (numbered([9, 9]), asked(0.5, 0.5), "would give 0 to train, 9 to validate and 9 to test"),
        (numbered([2, 2]), asked(0.1, 0.3), "each part needs at least 1"),
        (
            numbered([1, 99]),
            asked(0.4, 0.4),
            "class '0' has 1 of 100 examples and none is left to train on",
        ),
        (
            with_official_test(np.zeros(30, np.int32)),
            asked(test=0.1),
            r"data\.test: .* official test split of 30 examples, which is used; saw 0\.1",
        ),
        (
            Examples(np.ones((20, 1)), np.ones(20), "regression", 1),
            asked(),
            "the regression target is 1 in all 12 training examples; it must vary",
        ),
    ],
)
def test_what_cannot_be_split_is_told(examples: Examples, data: Data, message: str) -> None:
    with pytest.raises(DataError, match=message):
        prepare(examples, data)
