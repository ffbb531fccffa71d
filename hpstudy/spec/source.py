"""The source of somebody's module, looked at without running it.

Its code is told as one line that names what decides it: each file of the study's folder with a
digest (`own.py 3f2a9c1d`), or the package that it is installed with (`keras-tuner 1.4.8`).
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from hpstudy.errors import HypermodelError
from hpstudy.spec.problems import nearest

# where a study's folder keeps copies of the files
COPIES = "source"


class SourceError(HypermodelError):
    """A module that is not there, is no Python, or lacks the name."""


class SourceMissing(SourceError):
    """A module that is not there."""


@dataclass(frozen=True)
class Source:
    """A module's code, and the files that tell it; none where a package's version does.

    `root` is the folder that the files are imported from.
    """

    code: str
    files: tuple[Path, ...] = ()
    root: Path = Path()


def source(name: str, folder: Path) -> Source:
    """The source of 'module:name': its file and every file of the folder that they import.

    Where the folder has none, as Python finds it. Comments and layout leave the digests alone.
    Raises SourceError.
    """
    module, _, word = name.partition(":")
    first = _file(module, folder)
    if first is None:
        top = module.partition(".")[0]
        if (folder / f"{top}.py").is_file() or (folder / top).is_dir():
            raise SourceMissing(f"there is no module {module} in {folder}")
        found = installed(name)
        if found is None:
            raise SourceMissing(
                f"there is no {module.replace('.', '/')}.py beside the study file, in {folder}, "
                f"and no installed package {top}{_hint(module, folder)}"
            )
        return found
    tree = _tree(first)
    names = set(_names(tree))
    if word not in names and not {"*", "__getattr__"} & names:
        offered = sorted(_hypermodels(tree))
        hint = nearest(word, offered) if offered else "it defines no class and no function of hp"
        raise SourceError(f"{first.name} has no {word}; {hint}")
    trees = _reached([first], folder, _tree)
    files = tuple(sorted(trees))
    told = (f"{path.relative_to(folder)} {_digest(trees[path])}" for path in files)
    return Source(", ".join(told), files, folder)


def installed(name: str) -> Source | None:
    """The source of 'module:name' where Python finds it; None where it does not."""
    try:
        found = find_spec(name.partition(":")[0].partition(".")[0])
    except (ImportError, ValueError):
        return None
    return None if found is None else _installed(name, found)


def importable(found: Source) -> tuple[Path, ...]:
    """A source's files, with the packages that they lie in and all that those import.

    What Python cannot parse is one of them, and nothing is known of what it imports.
    """
    inside = {path for file in found.files for path in file.relative_to(found.root).parents}
    packages = [found.root / path / "__init__.py" for path in inside if path.name]
    first = [*found.files, *(path for path in packages if path.is_file())]
    return tuple(sorted(_reached(first, found.root, _tree_or_empty)))


def digest(path: Path) -> str:
    """What tells a file's code from another's, whatever its comments; raises SourceError."""
    return _digest(_tree(path))


def changed(was: str, now: str) -> str:
    """What differs between two codes, by name: 'blocks.py changed, keras-tuner 1.4.7 -> 1.4.8'."""
    if " " not in was:
        return (
            f"an earlier version of hpstudy recorded it as {was}, which names no file; it is {now}"
        )
    before, after = (
        dict(one.rpartition(" ")[::2] for one in code.split(", ")) for code in (was, now)
    )
    said = []
    for name in sorted({*before, *after}):
        if name not in before:
            said.append(f"{name} is new")
        elif name not in after:
            said.append(f"{name} is no longer part of it")
        elif before[name] != after[name]:
            file = name.endswith(".py")
            said.append(f"{name} changed" if file else f"{name} {before[name]} -> {after[name]}")
    return ", ".join(said)


def _installed(name: str, found: ModuleSpec) -> Source:
    """The version of the package that a module is installed with; its files where it has none."""
    top = found.name
    for distribution in metadata.packages_distributions().get(top, ()):
        if not _editable(distribution):
            return Source(f"{distribution} {metadata.version(distribution)}")
    places = found.submodule_search_locations or [found.origin or top]
    folder = Path(places[0]).parent
    if _file(name.partition(":")[0], folder) is None:
        raise SourceMissing(f"{top} is neither a package with a version nor Python files")
    return source(name, folder)


def _editable(distribution: str) -> bool:
    """Whether an installed package is somebody's folder, which changes under one version."""
    url = metadata.distribution(distribution).read_text("direct_url.json")
    return url is not None and bool(json.loads(url).get("dir_info", {}).get("editable"))


def _hint(module: str, folder: Path) -> str:
    copy = _file(module, folder / COPIES)
    return "" if copy is None else f"; {copy} is the copy of a run: put it there to use it"


def _reached(
    first: Iterable[Path], folder: Path, parsed: Callable[[Path], ast.Module]
) -> dict[Path, ast.Module]:
    """The syntax of some files, and of every file of the folder that they import."""
    trees = {path: parsed(path) for path in first}
    pending = [*trees]
    while pending:
        path = pending.pop()
        for imported in _imported(trees[path], path, folder):
            if imported not in trees:
                trees[imported] = parsed(imported)
                pending.append(imported)
    return trees


def _digest(tree: ast.Module) -> str:
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:8]


def _file(module: str, folder: Path) -> Path | None:
    base = folder.joinpath(*module.split("."))
    for path in (base.with_suffix(".py") if "." not in base.name else base, base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _tree(path: Path) -> ast.Module:
    try:
        # bytes, of which Python finds the encoding as an import would
        return ast.parse(path.read_bytes())
    except SyntaxError as error:
        where = f"{path.name}, line {error.lineno}" if error.lineno else path.name
        raise SourceError(f"{where} is not valid Python: {error.msg}") from None
    except ValueError as error:
        raise SourceError(f"{path.name} is not valid Python: {error}") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from None


def _tree_or_empty(path: Path) -> ast.Module:
    """A file's syntax, or that of an empty file where it cannot be parsed."""
    try:
        return _tree(path)
    except SourceError:
        return ast.Module([], [])


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


def _hypermodels(tree: ast.Module) -> Iterator[str]:
    """What a module defines that may be a hypermodel: its classes, and its functions of `hp`."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.FunctionDef):
            taken = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            if "hp" in {argument.arg for argument in taken}:
                yield node.name


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
