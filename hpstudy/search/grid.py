"""Every point of a space, once each, in an order that the search seed fixes."""

from __future__ import annotations

import math

from hpstudy.errors import HpstudyError
from hpstudy.search.distributions import snap, top
from hpstudy.search.driver import Outcome, Promotions, Pruner, stream
from hpstudy.search.points import walk
from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Ask, Choice, Proposal, Range, Scalar
from hpstudy.spec.study import Cell, Search

LARGEST = 100_000


class Grid:
    """Proposals of a grid: trial n is a function of the space, the search seed and n alone.

    A float range without a step, and any range on a log scale, gives `points` values evenly
    spaced in its own scale, ends included; every other range gives all of its values. The points
    are shuffled, so that a search of fewer trials still covers the space.
    """

    pruner: Pruner | None = None
    promotions: Promotions | None = None

    def __init__(self, cell: Cell, search: Search, points: int) -> None:
        self._proposals: list[Proposal] = []
        for proposal in walk(cell.settings, cell.conditions, lambda asked: values(asked, points)):
            if len(self._proposals) == LARGEST:
                raise _too_many()
            self._proposals.append(proposal)
        self.size: int | None = len(self._proposals)
        seed = stream(cell, search, "grid")
        self._order = sorted(range(self.size), key=lambda index: derived(seed, index))

    def begin(self, number: int) -> Ask:
        params = self._proposals[self._order[number]].params
        return lambda name, asked: params[name]

    def tell(self, number: int, outcome: Outcome) -> None:
        """A grid learns nothing."""


def _too_many() -> HpstudyError:
    return HpstudyError(
        f"the grid has more than {LARGEST:,} points; "
        "give ranges a longer step, or use the sampler 'qmc' or 'random'"
    )


def values(asked: Range, points: int) -> tuple[Scalar, ...]:
    """All values of a range, or `points` of them where it has no steps; raises HpstudyError."""
    if isinstance(asked, Choice):
        return asked.options
    if not asked.log and asked.step is not None:
        steps = round((top(asked) - asked.low) / asked.step)
        if steps >= LARGEST:
            raise _too_many()
        return tuple(snap(asked, asked.low + i * asked.step) for i in range(steps + 1))
    low, high = asked.low, top(asked)
    shares = [i / (points - 1) for i in range(points)]
    if asked.log:
        between = [math.exp((1 - s) * math.log(low) + s * math.log(high)) for s in shares]
    else:
        between = [(1 - s) * low + s * high for s in shares]
    exact = [low, *between[1:-1], high]
    return tuple(dict.fromkeys(snap(asked, value) for value in exact))
