"""Every file imports from its own folder or from floors below, and the two lowest stay light."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import hpstudy

PACKAGE = Path(hpstudy.__file__).parent
FLOORS = {
    "errors": 0,
    "tracebacks": 0,
    "backends": 1,
    "spec": 1,
    "sources": 2,
    "store": 2,
    "subsets": 2,
    "data": 3,
    "fresh": 3,
    "hypermodels": 3,
    "lean": 3,
    "nearby": 3,
    "engine": 4,
    "search": 4,
    "extremes": 4,
    "analysis": 5,
    "controls": 5,
    "bill": 6,
    "coordinator": 6,
    "entries": 6,
    "events": 6,
    "jobs": 6,
    "ledger": 6,
    "limits": 6,
    "outside": 6,
    "phases": 6,
    "firstbuild": 6,
    "picking": 6,
    "planned": 6,
    "preflight": 6,
    "probing": 6,
    "progress": 6,
    "remembered": 6,
    "report": 6,
    "states": 6,
    "study": 6,
    "terminal": 6,
    "trials": 6,
    "bench": 7,
    "__main__": 8,
    "arguments": 8,
    "cli": 8,
    "commands": 8,
    "usage": 8,
    "__init__": 9,
}
HEAVY = {
    "jax",
    "keras",
    "keras_tuner",
    "matplotlib",
    "mlxtend",
    "numpy",
    "optuna",
    "pandas",
    "scipy",
    "sklearn",
    "tensorflow",
}
FILES = sorted(PACKAGE.rglob("*.py"))


def unit(path: Path) -> str:
    """The folder or file right below the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def neighbours(one: str, other: str) -> bool:
    """Whether two units are one folder: the same one, or both files right in the package."""
    files = all((PACKAGE / f"{name}.py").is_file() for name in (one, other))
    return one == other or (files and FLOORS[one] == FLOORS[other])


def imported(tree: ast.AST, path: Path) -> Iterator[str]:
    """Dotted names of everything that a file imports, inside functions too."""
    package = ("hpstudy", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def imported_at_top(tree: ast.Module, path: Path) -> Iterator[str]:
    """As `imported`, but only what running the module imports."""
    kept = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    for node in kept:
        guard = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if not guard:
            yield from imported(node, path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_come_from_the_same_folder_or_below(path: Path) -> None:
    own = unit(path)
    assert own in FLOORS, f"{own} has no floor"
    for name in imported(ast.parse(path.read_text()), path):
        parts = name.split(".")
        if parts[0] != "hpstudy" or parts[1:] in ([], ["__version__"]):
            continue
        other = parts[1]
        assert other in FLOORS, f"{name} is on no floor"
        assert neighbours(own, other) or FLOORS[other] < FLOORS[own], (
            f"{own} (floor {FLOORS[own]}) imports {name} (floor {FLOORS[other]})"
        )


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if FLOORS.get(unit(path), 0) <= 1],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_the_lowest_floors_import_nothing_heavy(path: Path) -> None:
    names = {name.split(".")[0] for name in imported_at_top(ast.parse(path.read_text()), path)}
    assert not names & HEAVY


def test_relative_and_nested_imports_are_seen() -> None:
    source = (
        "def f():\n    from . import b\n    from ..errors import DataError\n    import keras.ops"
    )
    path = PACKAGE / "data" / "a.py"
    found = list(imported(ast.parse(source), path))
    assert found == ["hpstudy.data.b", "hpstudy.errors.DataError", "keras.ops"]
    assert list(imported_at_top(ast.parse(source), path)) == []
