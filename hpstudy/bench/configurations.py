"""The configurations that every peer trains: one fixed list, drawn from the study's name alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Configuration:
    """One network and how it trains; `subset` is 'all', 'batchnorm' or 'random' (2 per unit)."""

    subset: str
    depth: int
    width: int
    batch_size: int
    learning_rate: float


class Space(Protocol):
    """What configurations are drawn from; `crossed` gives every subset at every depth in turn."""

    @property
    def name(self) -> str: ...
    @property
    def subsets(self) -> tuple[str, ...]: ...
    @property
    def depths(self) -> tuple[int, ...]: ...
    @property
    def widths(self) -> tuple[int, ...]: ...
    @property
    def batch_sizes(self) -> tuple[int, ...]: ...
    @property
    def rates(self) -> tuple[float, float]: ...
    @property
    def crossed(self) -> bool: ...


def configurations(space: Space, count: int) -> tuple[Configuration, ...]:
    """The first `count` configurations of a space; a longer list begins with the shorter one.

    Each subset, depth, width and batch size comes once before any comes again, so that a few
    trials from the start stand for all of them. No two learning rates are equal.
    """
    drawn = Random(space.name)
    low, high = (math.log(rate) for rate in space.rates)
    pairs = _crossed(space) if space.crossed else _apart(space, drawn)
    widths, batches = _dealt(space.widths, drawn), _dealt(space.batch_sizes, drawn)
    found: dict[float, Configuration] = {}
    for (subset, depth), width, batch in zip(pairs, widths, batches, strict=False):
        if len(found) == count:
            break
        rate = float(f"{math.exp(low + (high - low) * drawn.random()):.6g}")
        while rate in found:
            rate = math.nextafter(rate, math.inf)
        found[rate] = Configuration(subset, depth, width, batch, rate)
    return tuple(found.values())


def read(listed: Sequence[dict[str, Any]]) -> tuple[Configuration, ...]:
    """Configurations as they stand in a job's JSON."""
    return tuple(Configuration(**one) for one in listed)


def _apart(space: Space, drawn: Random) -> Iterator[tuple[str, int]]:
    subsets = _dealt(space.subsets, drawn)
    return zip(subsets, _dealt(space.depths, drawn), strict=False)


def _crossed(space: Space) -> Iterator[tuple[str, int]]:
    subsets, depths = space.subsets, space.depths
    # along diagonals, so that the first few hold every subset and every depth
    once = [
        (subsets[i % len(subsets)], depths[(i + turn) % len(depths)])
        for turn in range(len(depths))
        for i in range(len(subsets))
    ]
    while True:
        yield from once


def _dealt(values: Sequence[T], drawn: Random) -> Iterator[T]:
    """The values for ever, shuffled anew each time that all have come."""
    while True:
        keys = [drawn.random() for _ in values]
        yield from (values[i] for i in sorted(range(len(values)), key=keys.__getitem__))
