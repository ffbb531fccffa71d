"""Examples into a split: parts drawn, inputs and targets scaled, all of it fingerprinted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from hpstudy.data import scaling
from hpstudy.data.examples import Array, Examples
from hpstudy.data.parts import assign, part_sizes
from hpstudy.errors import DataError
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.study import Data


@dataclass(frozen=True)
class Split:
    """Scaled arrays of the three parts.

    x is float32, images NHWC; y is int32 class ids (n,), or float32 standardised targets (n, 1).
    A target in its own unit is y * target_scale + target_shift. `fingerprint` changes with the
    content, the split or the scaling, and with nothing else.
    """

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    x_test: Array
    y_test: Array
    shape: DataShape
    target_scale: float
    target_shift: float
    classes: tuple[str, ...]
    fingerprint: str


def prepare(examples: Examples, data: Data) -> Split:
    """Examples split and scaled as `data` asks.

    An official test split stays the test split and has no say in the other two: neither in which
    example goes where nor in any scale. Raises DataError where the split cannot be made.
    """
    kind = scale_kind(data)
    rows, val_rows, test_rows = parts(examples, data)
    classes, official = examples.task == "classification", examples.official_test
    x_train, y_train = examples.x[rows], examples.y[rows]
    test_x, test_y = official or (examples.x[test_rows], examples.y[test_rows])
    inputs = scaling.fit(x_train, kind)
    shift, scale = (0.0, 1.0) if classes else scaling.fit_targets(y_train)

    def targets(y: Array) -> Array:
        if classes:
            return y.astype(np.int32)
        return ((y - shift) / scale).astype(np.float32).reshape(-1, 1)

    return Split(
        x_train=inputs.apply(x_train),
        y_train=targets(y_train),
        x_val=inputs.apply(examples.x[val_rows]),
        y_val=targets(examples.y[val_rows]),
        x_test=inputs.apply(test_x),
        y_test=targets(test_y),
        shape=examples.shape,
        target_scale=scale,
        target_shift=shift,
        classes=examples.names,
        fingerprint=_fingerprint(examples, data, kind),
    )


def parts(examples: Examples, data: Data) -> tuple[Array, Array, Array]:
    """Row numbers of (train, validation, test), none of an official test split.

    Raises DataError where the parts cannot be made, or a class would have nothing to train on.
    """
    _, validation, test = part_sizes(len(examples.y), examples.official_size, data)
    classes = examples.task == "classification"
    strata = examples.y if classes else np.zeros(len(examples.y), np.int64)
    drawn = assign(strata, validation, 0 if examples.official_test else test, data.split_seed)
    if classes:
        _check_every_class_trains(examples, drawn[0])
    return drawn


def scale_kind(data: Data) -> str:
    """How inputs are scaled; raises DataError for what is none of the ways."""
    kind = str(data.options.get("scale", "standard"))
    if kind not in scaling.SCALES:
        raise DataError(f"data.scale: must be {' or '.join(scaling.SCALES)}; saw {kind!r}")
    return kind


def _check_every_class_trains(examples: Examples, rows: Array) -> None:
    trained = np.bincount(examples.y[rows], minlength=examples.outputs)
    for label in np.flatnonzero(trained == 0)[:1]:
        seen = int((examples.y == label).sum())
        raise DataError(
            f"class {examples.names[label]!r} has {seen} of {len(examples.y)} examples and none "
            "is left to train on; give smaller validation and test fractions, or leave it out"
        )


def _fingerprint(examples: Examples, data: Data, kind: str) -> str:
    split = (data.validation, data.test, data.split_seed, kind)
    return hashlib.blake2b(f"{examples.digest()}{split}".encode(), digest_size=16).hexdigest()
