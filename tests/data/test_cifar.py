"""CIFAR-10's own files, from a cache that is filled with a few real pictures."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpstudy.data import cifar
from hpstudy.errors import DataError, MissingPackage
from tests.cifar import subset


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def filled(home: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Twenty pictures a batch, where Keras or the authors' archive has them."""
    pictures = subset()
    place = home / "datasets" / folder
    place.mkdir(parents=True)
    md5 = {}
    for number, name in enumerate(cifar.BATCHES):
        part = "test" if name == "test_batch" else "train"
        chosen = np.arange(20) * 100 + (0 if part == "test" else number)
        images, labels = pictures[f"x_{part}"][chosen], pictures[f"y_{part}"][chosen]
        planes = images.transpose(0, 3, 1, 2).reshape(20, -1)
        content = pickle.dumps({b"data": planes, b"labels": labels.tolist()})
        (place / name).write_bytes(content)
        md5[name] = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(cifar, "BATCHES", md5)
    return pictures


@pytest.mark.parametrize("folder", cifar.FOLDERS)
def test_pictures_come_as_they_are(
    folder: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = filled(home, folder, monkeypatch)
    found = cifar.cifar10({})
    assert found.x.shape == (100, 32, 32, 3) and found.x.dtype == np.uint8
    np.testing.assert_array_equal(found.x[20:40], pictures["x_train"][np.arange(20) * 100 + 1])
    np.testing.assert_array_equal(found.y[:20], pictures["y_train"][np.arange(20) * 100])
    assert found.official_test is not None and found.official_test[0].shape == (20, 32, 32, 3)


def test_a_changed_file_is_not_opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(home, cifar.FOLDERS[0], monkeypatch)
    (home / "datasets" / cifar.FOLDERS[0] / "data_batch_3").write_bytes(b"other")
    with pytest.raises(DataError, match=r"data_batch_3: its md5 is \w+; expected"):
        cifar.cifar10({})


def test_where_it_is_missing_the_command_is_told(home: Path) -> None:
    with pytest.raises(MissingPackage, match=r"cifar10\.load_data\(\)"):
        cifar.cifar10({})
