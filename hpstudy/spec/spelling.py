"""Which names somebody's source could ever ask for, told from its text alone.

A name stands in a source as a whole (`"units"`) or is put together where it is used:
`f"units_{i}"`, `"units_" + str(i)`, `"units_%d" % i` or `"units_{}".format(i)`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

_ANY = "(.+)"
_HOLES = re.compile(r"%[-+ #0-9.]*[a-zA-Z]|\{[^{}]*\}")


def spelled(files: Iterable[Path]) -> Callable[[str], bool]:
    """Whether a text in the files could make a name; every part of one with name scopes."""
    texts: set[str] = set()
    for path in files:
        texts |= set(_texts(ast.parse(path.read_bytes())))
    known = re.compile("|".join(f"(?:{text})" for text in sorted(texts)) or "(?!)")

    def possible(name: str) -> bool:
        return all(known.fullmatch(part) for part in name.split("/"))

    return possible


def _texts(tree: ast.Module) -> Iterator[str]:
    """Every text that a module's code writes down, as a pattern of what it can become."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from map(re.escape, node.value.split("/"))
            if _HOLES.search(node.value):
                yield from _ANY.join(map(re.escape, _HOLES.split(node.value))).split("/")
        elif isinstance(node, ast.JoinedStr | ast.BinOp):
            pattern = _pattern(node)
            if pattern.replace(_ANY, ""):
                yield from pattern.split("/")


def _pattern(node: ast.expr) -> str:
    """An expression as a pattern; anything where it is no text."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_pattern, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _pattern(node.left) + _pattern(node.right)
    return _ANY
