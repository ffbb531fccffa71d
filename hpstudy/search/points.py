"""Every point of a space in order, and how many there are."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from hpstudy.spec.space import Choice, Condition, Proposal, Range, Scalar, Settings, resolve


def walk(
    settings: Settings,
    conditions: Mapping[str, Condition],
    values: Callable[[Range], Sequence[Scalar]],
) -> Iterator[Proposal]:
    """Every combination of the `values` of the ranges that it meets, the last range fastest."""
    path: list[int] = []
    while True:
        sizes: list[int] = []

        def ask(name: str, asked: Range, sizes: list[int] = sizes) -> Scalar:
            allowed = values(asked)
            if len(sizes) == len(path):
                path.append(0)
            sizes.append(len(allowed))
            return allowed[path[len(sizes) - 1]]

        yield resolve(settings, conditions, ask)
        while path and path[-1] + 1 == sizes[len(path) - 1]:
            path.pop()
        if not path:
            return
        path[-1] += 1


def configurations(settings: Settings, conditions: Mapping[str, Condition], most: int) -> int:
    """How many configurations a space has, counted up to `most`."""
    found = walk(settings, conditions, lambda asked: _stand_ins(asked, most))
    return sum(1 for _ in islice(found, most))


def _stand_ins(asked: Range, most: int) -> Sequence[Scalar]:
    """One entry for each value of a range, `most` at the most; those of a choice are its own."""
    if isinstance(asked, Choice):
        return asked.options
    if asked.low == asked.high:
        return [asked.low]
    if asked.step is None:
        return [asked.low] * most
    # rounded first: 0.3 / 0.1 is 2.9999999999999996
    steps = math.floor(round((asked.high - asked.low) / asked.step, 9))
    return [asked.low] * min(most, steps + 1)
