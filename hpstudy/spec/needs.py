"""What a study's searches need that is not installed, or ask of a driver that cannot do it."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.objectives import idle
from hpstudy.spec.problems import Problems
from hpstudy.spec.study import Cell, Search, Spec
from hpstudy.spec.yaml import Entry, Node


def check(
    root: Node, spec: Spec, drivers: Mapping[str, DriverDeclaration], problems: Problems
) -> None:
    """Tell it of a study that is right in itself, where the file asks for it."""
    for cell in spec.cells:
        if cell.search is not None:
            _installed(root, cell, cell.search, drivers[cell.search.driver], problems)
            why = None
            if not len(problems):
                why = drivers[cell.search.driver].refuses(cell, spec.engine)
            if why:
                problems.add(_place(root, cell.arm), f"arm {cell.arm}: {why}")
    for nothing in idle(spec.cells if not len(problems) else ()):
        places = (asked(root, cell.arm, "objectives") for cell in spec.cells)
        problems.add(next(entry.value for entry in places if entry is not None), nothing)


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
