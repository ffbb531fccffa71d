"""Keys that are given twice: either value may be meant, or both, so the file is read each way.

All such keys of a file are read in the same way, and of three scalars not the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import reduce

from hpstudy.errors import Problem
from hpstudy.spec.edits import merged
from hpstudy.spec.problems import spot
from hpstudy.spec.yaml import Entry, Node

# what may be meant by mappings of one key, the values that it is given
WAYS: tuple[Callable[[Sequence[Node]], Node], ...] = (
    lambda given: given[-1],
    lambda given: given[0],
    lambda given: reduce(merged, given),
    lambda given: reduce(merged, reversed(given)),
)


def ways(root: Node) -> list[Node]:
    """What the file may mean, each key given once: with the last of the values that a key is
    given, with the first, and with the mappings among them laid over each other.
    """
    return [_once(root, way) for way in WAYS]


def certain(roots: Sequence[Node], found: Sequence[Sequence[Problem]]) -> Iterator[Problem]:
    """Of the mistakes `found` in each root those that every root has in which their place is."""
    places = [{spot(node) for node in root.inside()} for root in roots]
    wrong = [{spot(one) for one in mistakes} for mistakes in found]
    told: set[tuple[str, int, int]] = set()
    for mistakes, here in zip(found, wrong, strict=True):
        for at in here:
            having = [one for one, there in zip(wrong, places, strict=True) if at in there]
            if at not in told and all(at in one for one in having or wrong):
                told.add(at)
                yield from (one for one in mistakes if spot(one) == at)


def _once(node: Node, way: Callable[[Sequence[Node]], Node]) -> Node:
    if isinstance(node.content, tuple):
        return replace(node, content=tuple(_once(item, way) for item in node.content))
    entries: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        given = [Node({name: Entry(one.key, _once(one.value, way))}, "") for one in entry.times]
        entries |= way(given).entries
    return replace(node, content=entries) if entries else node
