"""Which example goes to which part: stratified, seeded, and the same under every NumPy version."""

from __future__ import annotations

import numpy as np

from hpstudy.data.examples import Array
from hpstudy.errors import DataError
from hpstudy.spec.seeds import derived
from hpstudy.spec.study import Data


def part_sizes(examples: int, official_test: int | None, data: Data) -> tuple[int, int, int]:
    """(train, validation, test) sizes; `examples` does not count an official test split.

    `validation` and `test` are fractions of all examples, rounded. With an official test split
    `test` must be None and `validation` is a fraction of the rest.
    """
    _check_fraction("validation", data.validation)
    if official_test is not None:
        if data.test is not None:
            raise DataError(
                f"data.test: {data.name} has an official test split of {official_test} examples, "
                f"which is used; saw {data.test}, leave it out"
            )
        test, tested = 0, official_test
    elif data.test is None:
        raise DataError(
            f"data.test: {data.name} has no official test split; "
            "give the fraction of all examples to test on, such as 0.2"
        )
    else:
        _check_fraction("test", data.test)
        test = tested = round(data.test * examples)
    validation = round(data.validation * examples)
    train = examples - validation - test
    if min(train, validation, tested) < 1:
        raise DataError(
            f"data: {examples} examples with validation {data.validation} and test {data.test} "
            f"would give {train} to train, {validation} to validate and {tested} to test; "
            "each part needs at least 1"
        )
    return train, validation, tested


def assign(
    strata: Array, validation: int, test: int, split_seed: int
) -> tuple[Array, Array, Array]:
    """Row numbers of (train, validation, test), each part holding every stratum in proportion.

    Shares are rounded by largest remainder. The test rows depend on neither the validation
    fraction nor its draw, so two studies with one `split_seed` and `test` share a test split.
    """
    order = shuffled(len(strata), split_seed)
    ranked = order[np.argsort(strata[order], kind="stable")]
    members = np.bincount(strata)
    for_test = shares(test, members)
    for_validation = shares(validation, members - for_test)
    part = np.zeros(len(strata), np.int8)
    start = 0
    for count, tested, validated in zip(members, for_test, for_validation, strict=True):
        part[ranked[start : start + tested]] = 2
        part[ranked[start + tested : start + tested + validated]] = 1
        start += count
    train, validate, tested_rows = (order[part[order] == code] for code in (0, 1, 2))
    return train, validate, tested_rows


def shuffled(n: int, split_seed: int) -> Array:
    """A permutation of 0 to n - 1; from raw Philox bits, whose stream NumPy never changes."""
    bits = np.random.Philox(derived(split_seed, "split")).random_raw(n)
    return np.argsort(bits, kind="stable")


def shares(total: int, members: Array) -> Array:
    """`total` dealt out in proportion to `members`, never more than an entry has."""
    everyone = max(int(members.sum()), 1)
    floors, remainders = np.divmod(total * members, everyone)
    missing = total - int(floors.sum())
    floors[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return floors


def _check_fraction(key: str, value: float) -> None:
    if not 0 < value < 1:
        raise DataError(f"data.{key}: must lie between 0 and 1, both excluded; saw {value}")
