"""The Pareto front: what nothing else beats in every respect at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from hpstudy.spec.objectives import costs

Key = TypeVar("Key")


def front(points: Sequence[Sequence[float]]) -> tuple[int, ...]:
    """The places of the points that no other dominates, where less is better in every coordinate.

    One point dominates another that is nowhere less and somewhere more. Equal points stand or
    fall together.
    """
    kept: list[int] = []
    # in this order only an earlier point can dominate, and what is dominated is so by a kept one
    for place in sorted(range(len(points)), key=lambda one: tuple(points[one])):
        if not any(_dominates(points[other], points[place]) for other in kept):
            kept.append(place)
    return tuple(sorted(kept))


def members(
    runs: Mapping[Key, Mapping[str, Any]], named: Sequence[str], maximise: bool
) -> list[Key]:
    """Of finished runs, those that no other equals in score and costs and beats in one of them.

    `named` are the costs; the order stays.
    """
    sign = -1 if maximise else 1
    points = [(sign * run["score"], *costs(named, run).values()) for run in runs.values()]
    kept = set(front(points))
    return [key for place, key in enumerate(runs) if place in kept]


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return tuple(one) != tuple(other) and all(a <= b for a, b in zip(one, other, strict=True))
