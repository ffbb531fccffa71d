"""Image sets in the idx format of MNIST, read from where Debian or Keras puts them."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hpstudy.data.examples import Array, Examples, labelled
from hpstudy.errors import DataError, MissingPackage
from hpstudy.spec.space import Scalar

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
# of the decompressed files: Debian compresses them anew, so the .gz files differ from the origin's
FASHION_MD5 = {
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def fashion_mnist(options: Mapping[str, Scalar]) -> Examples:
    """60,000 training pictures and the official 10,000 test pictures, uint8 (n, 28, 28, 1)."""
    place = folder()
    images, labels, test_images, test_labels = (
        _idx(place / f"{name}.gz", md5) for name, md5 in FASHION_MD5.items()
    )
    official_test = test_images[..., None], test_labels
    return labelled(images[..., None], labels, official_test, FASHION_CLASSES)


def folder() -> Path:
    """Where Fashion-MNIST's files all lie; raises MissingPackage where there is no such place."""
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    folders = (DEBIAN_FOLDER, keras_home / "datasets" / "fashion-mnist")
    for one in folders:
        if all((one / f"{name}.gz").is_file() for name in FASHION_MD5):
            return one
    raise MissingPackage(
        f"fashion_mnist is not on this machine (looked in {folders[0]} and {folders[1]}): "
        "sudo apt-get install dataset-fashion-mnist"
    )


def _idx(path: Path, md5: str) -> Array:
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be decompressed: {error}") from None
    seen = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if seen != md5:
        raise DataError(f"{path}: its decompressed content has md5 {seen}; expected {md5}")
    axes = content[3]
    shape = np.frombuffer(content, ">u4", count=axes, offset=4).tolist()
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
