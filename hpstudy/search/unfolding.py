"""A grid over a space that is known only by running it: every combination once, as it unfolds.

What a trial is asked after certain answers is a tree that grows with the trials. A trial goes down
it by values that still lead to something untried, so each combination is tried once, and only
parameters that exist together are combined.

Where a worker dies before a trial was asked all, nobody knows what lies beyond. Such a branch
counts as tried; a later process that goes on with the search tries it once more, after all others.
Where another trial was asked more there, the branch stays as it was, and is tried until it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hpstudy.errors import HpstudyError
from hpstudy.search.driver import Outcome, Promotions, Pruner, Waits, stream
from hpstudy.search.grid import values
from hpstudy.spec.space import Ask, Range, Scalar
from hpstudy.spec.study import Cell, Search

# (trial, parameter, places of its values that are left) -> the place to take
Pick = Callable[[int, str, list[int]], int]


@dataclass
class _Node:
    """What is asked after certain answers; `left` are the places of values not yet used up."""

    asked: tuple[str, Range] | None = None
    left: list[int] = field(default_factory=list)
    below: dict[int, _Node] = field(default_factory=dict)


Way = list[tuple[_Node, int]]


class Unfolding:
    """A grid that learns its space from its trials, each begun when the one before was asked all.

    `points` is how many values a range without steps gives.
    """

    size: int | None = None
    pruner: Pruner | None = None
    promotions: Promotions | None = None

    def __init__(self, points: int, pick: Pick) -> None:
        self._points, self._pick = points, pick
        self._root = _Node()
        # the trial that is being asked, and where it went; then the ways of those that used one up
        self._trial: int | None = None
        self._way: Way = []
        self._used: dict[int, Way] = {}
        self._lost: list[int] = []
        self._again: set[tuple[int, ...]] = set()

    def begin(self, number: int) -> Ask:
        """Trial `number`; raises Waits where every combination is tried."""
        if self._trial is not None:
            self._use_up(self._trial)
        if number and not self._root.left and not self._reopened():
            raise Waits
        self._trial = number
        return lambda name, asked: self._answer(number, name, asked)

    def tell(self, number: int, outcome: Outcome) -> None:
        """A grid learns nothing from scores, but from what was lost on the way to one."""
        if outcome.lost:
            self._lost.append(number)

    def _answer(self, number: int, name: str, asked: Range) -> Scalar:
        node = self._here()
        allowed = values(asked, self._points)
        if node.asked is None:
            node.asked, node.left = (name, asked), list(range(len(allowed)))
        elif node.asked != (name, asked):
            raise HpstudyError(
                f"a grid takes a space whose questions follow from the answers before; here "
                f"{name} ({asked}) is asked for where {node.asked[0]} ({node.asked[1]}) was before"
            )
        place = self._pick(number, name, node.left)
        self._way.append((node, place))
        return allowed[place]

    def _here(self) -> _Node:
        if not self._way:
            return self._root
        node, place = self._way[-1]
        return node.below.setdefault(place, _Node())

    def _use_up(self, number: int) -> None:
        """Take a trial's combination off the tree, unless others were asked more there."""
        whole = self._here().asked is None
        way, self._way, self._trial = self._way, [], None
        if not whole:
            return
        self._used[number] = way
        for node, place in reversed(way):
            node.left.remove(place)
            node.below.pop(place, None)
            if node.left:
                return

    def _reopened(self) -> bool:
        """Put the branch that was lost first on the tree again; False where none is to be tried."""
        while self._lost:
            way = self._used.pop(self._lost.pop(0), None)
            places = tuple(place for _, place in way or ())
            if way is not None and places not in self._again:
                self._again.add(places)
                self._put_back(way)
                return True
        return False

    def _put_back(self, way: Way) -> None:
        # nothing else is left on the tree
        here = self._root
        for node, place in way:
            here.asked, here.left = node.asked, [place]
            here = here.below[place] = _Node()


def in_order(points: int) -> Unfolding:
    """Every combination in order, the last parameter fastest."""
    return Unfolding(points, lambda number, name, left: left[0])


def shuffled(cell: Cell, search: Search, points: int) -> Unfolding:
    """Every combination in an order that the search seed fixes."""
    return Unfolding(
        points,
        lambda number, name, left: left[stream(cell, search, "grid", number, name) % len(left)],
    )
