"""Modules that are scripts too: what importing them would start."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TUNERS = ("RandomSearch", "GridSearch", "BayesianOptimization", "Hyperband", "Tuner")


def search_on_import(path: Path) -> int | None:
    """The line in which importing a module starts a Keras Tuner search; None where none does."""
    calls = [*_run(ast.parse(path.read_bytes()).body)]
    tuners = {
        target.id
        for node in calls
        if isinstance(node, ast.Assign) and _called(node.value) in TUNERS
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in calls:
        function = node.func if isinstance(node, ast.Call) else None
        if isinstance(function, ast.Attribute) and function.attr == "search":
            owner = function.value
            if _called(owner) in TUNERS or (isinstance(owner, ast.Name) and owner.id in tuners):
                return function.lineno
    return None


def _run(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Everything that an import runs: not what stands in functions or under the main guard."""
    pending: list[ast.AST] = [*body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "__main__" in ast.unparse(node.test):
            pending += node.orelse
            continue
        yield node
        pending += ast.iter_child_nodes(node)


def _called(node: ast.AST) -> str:
    """The last word of what a call calls."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
