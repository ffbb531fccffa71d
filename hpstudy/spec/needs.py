"""What a study's searches need that is not installed, or ask of a driver that cannot do it."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.doubts import SEARCH
from hpstudy.spec.objectives import idle
from hpstudy.spec.problems import Problems
from hpstudy.spec.read import Read
from hpstudy.spec.study import Cell, Search
from hpstudy.spec.yaml import Entry, Node


def check(
    root: Node, read: Read, drivers: Mapping[str, DriverDeclaration], problems: Problems
) -> None:
    """Tell it where the file asks for it, of arms whose search and training are surely meant so."""
    found = Problems()
    for cell in read.cells:
        doubts = read.doubts[cell.arm]
        if cell.search is not None and not any(key.startswith(SEARCH) for key in doubts):
            _installed(root, cell, cell.search, drivers[cell.search.driver], found)
            why = None
            trains = not any(key.startswith("training.") for key in doubts)
            if trains and cell.arm not in read.wrong and not len(found):
                why = drivers[cell.search.driver].refuses(cell, read.engine)
            if why:
                found.add(_place(root, cell.arm), f"arm {cell.arm}: {why}")
    for nothing in idle(read.cells if read.sound and not len(found) else ()):
        places = (asked(root, cell.arm, "objectives") for cell in read.cells)
        found.add(next(entry.value for entry in places if entry is not None), nothing)
    problems.include(found)


def asked(root: Node, arm: str, *keys: str) -> Entry | None:
    """Where the file gives a key of an arm's search; None where it is left out."""
    for words in (("arms", arm, "search", *keys), ("search", *keys)):
        node: Node | None = root
        entry = None
        for word in words:
            entry = node.entries.get(word) if node is not None else None
            node = entry.value if entry is not None else None
        if entry is not None:
            return entry
    return None


def _installed(
    root: Node, cell: Cell, search: Search, driver: DriverDeclaration, problems: Problems
) -> None:
    command = driver.missing(search.sampler, search.pruner)
    if command is not None:
        given = asked(root, cell.arm, driver.word) or asked(root, cell.arm, "driver")
        say = f"search.{driver.word} {search.sampler} needs a package that is not installed"
        problems.add(given.value if given else _place(root, cell.arm), f"{say}: {command}")


def _place(root: Node, arm: str) -> Node:
    given = asked(root, arm)
    return given.value if given else root
