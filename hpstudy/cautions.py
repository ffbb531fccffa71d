"""What a study file may say and hardly means: told before anything runs, and no mistake."""

from __future__ import annotations

from collections.abc import Iterator

from hpstudy.search.idle import idle
from hpstudy.spec import yaml
from hpstudy.spec.edits import changed
from hpstudy.spec.needs import asked
from hpstudy.spec.problems import Problems
from hpstudy.spec.study import Cell, Spec
from hpstudy.spec.yaml import Node


def cautions(spec: Spec) -> list[str]:
    """One line for each thing, with the line and column of what says it."""
    root = yaml.read(spec.text, spec.path, Problems())
    assert root is not None
    root = changed(root, spec.arguments, Problems())
    given = root.entries.get("search")
    if given is not None and given.value.entries and not any(cell.search for cell in spec.cells):
        say = "search is given, and nothing is searched: no arm that takes it has a range"
        return [f"{_where(given.key)}: warning: {say}; give one a range, or write `search: none`"]
    told: dict[str, list[str]] = {}
    for cell in spec.cells:
        for place, words in _hardly_meant(cell, root):
            told.setdefault(f"{_where(place)}: warning: {words}", []).append(cell.arm)
    return [f"{say} (arm {', '.join(dict.fromkeys(arms))})" for say, arms in told.items()]


def _where(place: Node) -> str:
    return ":".join(str(part) for part in (place.file, place.line, place.column) if part)


def _hardly_meant(cell: Cell, root: Node) -> Iterator[tuple[Node, str]]:
    said = idle(cell)
    if said is not None:
        entry = asked(root, cell.arm, said[0])
        yield entry.key if entry is not None else root, said[1]
    search, top = cell.search, asked(root, cell.arm, "choose", "top")
    if search is not None and top is not None and search.choose_top > search.trials:
        say = f"search.choose.top is {search.choose_top}, and a search has {search.trials} trials"
        yield top.value, f"{say}, all of which are trained again; lower `top`, or raise `trials`"
