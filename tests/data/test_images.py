"""Fashion-MNIST's files: found in two places, and never taken when damaged."""

from __future__ import annotations

import gzip
import struct
from hashlib import md5
from pathlib import Path

import numpy as np
import pytest

from hpstudy.data import images, load, missing
from hpstudy.errors import DataError
from hpstudy.spec.study import Data

STUDY = Data("fashion_mnist", 0.2, None, 1, {"scale": "none"})


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


@pytest.fixture
def keras_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A Keras cache with forty small pictures, whose checksums are taken for the true ones."""
    rng = np.random.default_rng(0)
    labels = np.tile(np.arange(10, dtype=np.uint8), 3)
    contents = {
        "train-images-idx3-ubyte": rng.integers(0, 256, (30, 28, 28), np.uint8),
        "train-labels-idx1-ubyte": labels,
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (10, 28, 28), np.uint8),
        "t10k-labels-idx1-ubyte": labels[:10],
    }
    folder = tmp_path / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for name, array in contents.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
    sums = {name: md5(idx(array)).hexdigest() for name, array in contents.items()}
    monkeypatch.setattr(images, "FASHION_MD5", sums)
    monkeypatch.setattr(images, "DEBIAN_FOLDER", tmp_path / "no-such-package")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return folder


def test_keras_cache_serves_where_the_package_is_absent(keras_home: Path) -> None:
    split = load(STUDY)
    assert split.x_train.shape == (24, 28, 28, 1)
    assert split.y_test.tolist() == list(range(10))
    assert split.classes[9] == "Ankle boot"
    stored = gzip.decompress((keras_home / "t10k-images-idx3-ubyte.gz").read_bytes())
    assert split.x_test.astype(np.uint8).tobytes() == stored[16:]


def test_other_content_is_refused(keras_home: Path) -> None:
    labels = keras_home / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(gzip.decompress(labels.read_bytes())[::-1]))
    with pytest.raises(DataError, match=r"train-labels.*\.gz: .* has md5 \w{32}; expected \w{32}"):
        load(STUDY)


@pytest.mark.parametrize("damage", [lambda b: b[:-20], lambda b: b"PK" + b, lambda b: b[:40] * 2])
def test_a_damaged_file_is_refused(keras_home: Path, damage: object) -> None:
    pictures = keras_home / "train-images-idx3-ubyte.gz"
    assert callable(damage)
    pictures.write_bytes(damage(pictures.read_bytes()))
    with pytest.raises(DataError, match=r"train-images.*\.gz: cannot be decompressed"):
        load(STUDY)
    # it is there, and nothing to install
    assert missing(STUDY) is None
