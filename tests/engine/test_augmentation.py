"""Augmented images: the numbers, what they make of an image, and runs that train on them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.engine import reference
from hpstudy.engine.augmentation import chosen_images, cut_images, draws
from hpstudy.engine.cache import Counters

ON: dict[str, Any] = {
    "training__augment": "on",
    "training__augment__flip": True,
    "training__augment__crop": 2,
}
FLAT = {key.replace("__", "."): value for key, value in ON.items()}


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([(6, 5), (5, 6, 1), (4, 7, 3)]), st.integers(0, 3), st.booleans(), st.integers()
)
def test_the_engines_images_are_the_definitions(
    shape: tuple[int, ...], crop: int, flip: bool, seed: int
) -> None:
    x = np.random.default_rng(3).normal(size=(20, *shape)).astype("float32")
    config = {**FLAT, "training.augment.flip": flip, "training.augment.crop": crop}
    drawn = draws(config, seed, 1, len(x))
    chosen = np.random.default_rng(4).permutation(20)[:8].astype(np.int32)
    expected = cut_images(x[chosen], drawn[chosen], crop)
    np.testing.assert_array_equal(np.asarray(chosen_images(x, chosen, drawn)), expected)


def test_an_image_is_mirrored_before_the_window_moves() -> None:
    image = np.arange(1, 10).reshape(1, 3, 3)
    found = cut_images(image, np.array([[1, 0, 1]], np.int8), 1)[0]
    np.testing.assert_array_equal(found, [[2, 1, 0], [5, 4, 0], [8, 7, 0]])
    found = cut_images(image, np.array([[0, -1, 0]], np.int8), 1)[0]
    np.testing.assert_array_equal(found, [[0, 0, 0], [1, 2, 3], [4, 5, 6]])


def test_draws_follow_from_seed_and_epoch_and_cover_their_range() -> None:
    first = draws(FLAT, 7, 1, 4000)
    assert first.dtype == np.int8 and first.shape == (4000, 3)
    np.testing.assert_array_equal(first, draws(FLAT, 7, 1, 4000))
    for other in (draws(FLAT, 7, 2, 4000), draws(FLAT, 8, 1, 4000)):
        assert (first != other).any(axis=0).all()
    assert 0.45 < first[:, 0].mean() < 0.55
    for column in (1, 2):
        values, counts = np.unique(first[:, column], return_counts=True)
        assert values.tolist() == [-2, -1, 0, 1, 2] and counts.min() > 700
    unmirrored = draws({**FLAT, "training.augment.flip": False}, 7, 1, 4000)
    assert not unmirrored[:, 0].any()
    np.testing.assert_array_equal(unmirrored[:, 1:], first[:, 1:])
    assert draws({"training.augment": "none"}, 7, 1, 4000) is None


CASES: list[Any] = [
    {"subset__train": "all", "training__last_batch": "keep", "model__depth": 1},
    {"subset__train": "batchnorm", "training__augment__flip": False},
    pytest.param(
        {"model__type": "lenet", "model__kernel_size": 3, "training__augment__crop": 3},
        marks=pytest.mark.slow,
    ),
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", CASES)
def test_the_engine_equals_model_fit(
    case: dict[str, Any], job: Any, digits: Any, trainer: Any
) -> None:
    run = job(confirm=True, training__learning_rate=0.02, **{**ON, **case})
    result = trainer(digits, "float64")(run)
    fitted = reference.fit(run, digits)
    for name, value in fitted.rows[-1].items():
        assert result.curves[name][-1] == pytest.approx(value, abs=1e-9, rel=1e-9), name
    for path, value in fitted.values.items():
        ours = result.arrays[f"final/{path}"]
        np.testing.assert_allclose(ours, value, rtol=1e-9, atol=1e-9, err_msg=path)


def test_validation_and_test_images_are_left_as_they_are(
    job: Any, digits: Any, trainer: Any
) -> None:
    """With nothing to train, augmentation can show in the training figures alone."""
    changes = {"model__normalisation": "none", "subset__train": "none"}
    plain, augmented = (trainer(digits)(job(confirm=True, **changes, **on)) for on in ({}, ON))
    for name, curve in plain.curves.items():
        same = np.array_equal(augmented.curves[name], curve)
        assert same is (name not in ("train_loss", "train_accuracy")), name
    outputs = [one.arrays["test_outputs"] for one in (plain, augmented)]
    np.testing.assert_array_equal(*outputs)


def test_images_that_change_have_no_cached_prefix(job: Any, digits: Any, trainer: Any) -> None:
    for changes, cached in (({}, True), (ON, False)):
        one = trainer(digits)(job(subset__train="batchnorm", model__depth=1, **changes))
        assert one.record["numerics"]["prefix"] is cached
    run = job(subset__train="batchnorm", model__depth=1, **ON)
    (laned,) = trainer(digits).together(2, [run]).values()
    assert laned.record["numerics"]["prefix"] is False


def test_other_draws_compile_nothing(job: Any, digits: Any, cold_trainer: Any) -> None:
    train, counters = cold_trainer(digits), Counters()
    keys = {train(job(**ON)).record["program"]}
    counters.watch()
    changes: list[dict[str, Any]] = [
        {"index": 1},
        {"training__augment__crop": 3},
        {"training__augment__flip": False, "training__length__epochs": 3},
    ]
    keys |= {train(job(**{**ON, **change})).record["program"] for change in changes}
    assert (len(keys), counters.compilations) == (1, 0)
    assert train(job()).record["program"] not in keys
