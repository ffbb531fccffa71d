"""CIFAR-10 as Keras and the archive of its authors leave it on a machine."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hpstudy.data.examples import Array, Examples, labelled
from hpstudy.errors import DataError, MissingPackage
from hpstudy.spec.space import Scalar

# Keras unpacks into a folder of its own, others beside their archive
FOLDERS = ("cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py")
# a batch is a pickle, which could run anything: only these are opened
BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def cifar10(options: Mapping[str, Scalar]) -> Examples:
    """50,000 training and the official 10,000 test pictures, uint8 (n, 32, 32, 3)."""
    place = folder()
    *training, test = (_batch(place / name, md5) for name, md5 in BATCHES.items())
    images, labels = (np.concatenate(parts) for parts in zip(*training, strict=True))
    return labelled(images, labels, test, CLASSES)


def folder() -> Path:
    """Where CIFAR-10's files all lie; raises MissingPackage where there is no such place."""
    keras_home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    folders = [keras_home / "datasets" / name for name in FOLDERS]
    for one in folders:
        if all((one / name).is_file() for name in BATCHES):
            return one
    raise MissingPackage(
        f"cifar10 is not on this machine (looked in {folders[0]} and {folders[1]}); with internet: "
        'python -c "from keras.datasets import cifar10; cifar10.load_data()"'
    )


def _batch(path: Path, md5: str) -> tuple[Array, Array]:
    """Pictures (n, 32, 32, 3) and class ids (n,) of one file."""
    content = path.read_bytes()
    seen = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if seen != md5:
        raise DataError(f"{path}: its md5 is {seen}; expected {md5}")
    batch = pickle.loads(content, encoding="bytes")
    planes = np.asarray(batch[b"data"], np.uint8).reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), np.asarray(batch[b"labels"])
