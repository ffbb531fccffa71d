"""The source of somebody's module, looked at without running it."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hpstudy.spec.problems import nearest


class SourceError(Exception):
    """A module that is not there, is no Python, or lacks the name."""


@dataclass(frozen=True)
class Source:
    """What a study's folder holds of a module; `digest` is 'installed' where it lies elsewhere."""

    digest: str
    files: tuple[Path, ...] = ()


def source(name: str, folder: Path) -> Source:
    """The source of 'module:name': its file and every file of the folder that they import.

    Comments and layout leave the digest alone. Raises SourceError.
    """
    module, _, word = name.partition(":")
    first = _file(module, folder)
    if first is None:
        top = module.partition(".")[0]
        if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
            raise SourceError(f"there is no module {module} in {folder}")
        try:
            installed = find_spec(top) is not None
        except (ImportError, ValueError):
            installed = False
        if not installed:
            raise SourceError(
                f"there is no {module.replace('.', '/')}.py beside the study file, in {folder}, "
                f"and no installed package {top}"
            )
        return Source("installed")
    trees = {first: _tree(first)}
    names = set(_names(trees[first]))
    if word not in names and "*" not in names:
        raise SourceError(f"{first.name} defines no {word}; {nearest(word, sorted(names))}")
    pending = [first]
    while pending:
        path = pending.pop()
        for imported in _imported(trees[path], path, folder):
            if imported not in trees:
                trees[imported] = _tree(imported)
                pending.append(imported)
    digest = hashlib.sha256()
    for path in sorted(trees):
        digest.update(f"{path.relative_to(folder)}\n{ast.unparse(trees[path])}\n".encode())
    return Source(digest.hexdigest()[:16], tuple(sorted(trees)))


def _file(module: str, folder: Path) -> Path | None:
    base = folder.joinpath(*module.split("."))
    for path in (base.with_suffix(".py") if "." not in base.name else base, base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise SourceError(f"{path.name}{line} is not valid Python: {error}") from None


def _names(tree: ast.Module) -> Iterator[str]:
    """What a module defines at its top level; '*' where an import hides it."""
    pending: list[ast.AST] = [*tree.body]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        pending += ast.iter_child_nodes(node)


def _imported(tree: ast.Module, path: Path, folder: Path) -> Iterator[Path]:
    """The folder's own files that a file imports, inside functions too."""
    package = path.relative_to(folder).parts[:-1]
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join((*above, *filter(None, [node.module])))
            names = [base, *(f"{base}.{alias.name}" for alias in node.names)]
        for name in filter(None, names):
            found = _file(name, folder)
            if found is not None:
                yield found
