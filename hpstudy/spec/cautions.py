"""What a study file may say and hardly means: told before anything runs, and no mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hpstudy.errors import Problem
from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.doubts import SEARCH, SEARCHED
from hpstudy.spec.layers import LENGTHS
from hpstudy.spec.needs import asked
from hpstudy.spec.problems import Problems
from hpstudy.spec.read import Read
from hpstudy.spec.study import Cell
from hpstudy.spec.yaml import Node


def cautions(
    root: Node, read: Read, drivers: Mapping[str, DriverDeclaration]
) -> tuple[Problem, ...]:
    """One for each thing, in the file's order; nothing that a mistake may have brought about."""
    told = Problems()
    given = root.entries.get("search")
    if given is not None and given.value.entries and read.unsearched:
        say = "warning: search is given, and nothing is searched: no arm that takes it has a range"
        told.add(given.key, f"{say}; give one a range, or write `search: none`")
    words: dict[Problem, list[str]] = {}
    for cell in read.cells:
        for place, say in _hardly_meant(cell, root, read.doubts[cell.arm], drivers):
            one = Problem(f"warning: {say}", place.file, place.line, place.column)
            words.setdefault(one, []).append(cell.arm)
    for one, arms in words.items():
        told.add(one, f"{one.message} (arm {', '.join(dict.fromkeys(arms))})")
    return tuple(told.found)


def _hardly_meant(
    cell: Cell, root: Node, doubts: frozenset[str], drivers: Mapping[str, DriverDeclaration]
) -> Iterator[tuple[Node, str]]:
    search, top = cell.search, asked(root, cell.arm, "choose", "top")
    if search is None or SEARCH in doubts:
        return
    known = not doubts.intersection((*LENGTHS, *SEARCHED))
    said = drivers[search.driver].idle(cell) if known else None
    if said is not None:
        entry = asked(root, cell.arm, said[0])
        yield entry.key if entry is not None else root, said[1]
    known = not doubts.intersection(("search.trials", "search.budget", "search.choose"))
    if top is not None and known and search.choose_top > search.trials:
        say = f"search.choose.top is {search.choose_top}, and a search has {search.trials} trials"
        say += ", all of which are trained again; lower `top`, or raise `trials`"
        yield top.value, say
