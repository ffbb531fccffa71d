"""Copies of somebody's hypermodel in a study's folder, as its runs imported it.

A copy is evidence, and what a folder that was sent away is rebuilt from. No run imports one: `run`
takes the code from beside the study file, whose digests it holds against those of earlier runs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from hpstudy.spec.foreign import CODE, is_foreign
from hpstudy.spec.source import COPIES, SourceError, digest, importable, source
from hpstudy.spec.study import Spec
from hpstudy.store import Store


def read(spec: Spec) -> dict[str, bytes]:
    """The files of a study's hypermodel, by their copies' names; none where it is a package's.

    Raises HypermodelError where one is gone, or no longer what the study file names.
    """
    copies = {}
    theirs = (cell.settings for cell in spec.cells if is_foreign(cell.settings))
    for name in dict.fromkeys(str(settings["model.type"]) for settings in theirs):
        found = source(name, _folder(spec))
        for path in importable(found):
            try:
                content = path.read_bytes()
            except OSError as error:
                raise SourceError(f"{path} cannot be read: {error.strerror}") from None
            copies[f"{COPIES}/{path.relative_to(found.root).as_posix()}"] = content
    return copies


def keep(store: Store, spec: Spec, copies: Mapping[str, bytes]) -> None:
    """Write copies into a study's folder, those that are new, and take away what they replace.

    Where a run of other code has a score, as one of an arm that left the study, all of them stay.
    """
    for name, content in copies.items():
        path = store.folder / name
        if not path.is_file() or path.read_bytes() != content:
            store.write_bytes(name, content)
    gone = [path for name, path in _kept(store).items() if name not in copies]
    if not gone or _scored(store) - {cell.settings.get(CODE) for cell in spec.cells}:
        return
    for path in gone:
        path.unlink()
        for folder in path.parents:
            if folder == store.folder or any(folder.iterdir()):
                break
            folder.rmdir()


def kept(store: Store) -> dict[str, str]:
    """The digest of each copy, by its path in the study's folder."""
    return {name: _digest(path) for name, path in _kept(store).items()}


def beside(store: Store, spec: Spec) -> str | None:
    """Where a study's hypermodel lies, seen from the study's folder; None without one."""
    if not any(is_foreign(cell.settings) for cell in spec.cells):
        return None
    return os.path.relpath(_folder(spec), store.folder.absolute())


def places(store: Store, beside: str) -> tuple[Path, ...]:
    """The folders that `beside` may mean, first with the study's folder as it is called.

    Where that is reached by a link, `..` leads elsewhere from the folder that is linked to.
    """
    called = Path(os.path.normpath(store.folder.absolute() / beside))
    return tuple(dict.fromkeys((called, (store.folder / beside).resolve())))


def _kept(store: Store) -> dict[str, Path]:
    paths = sorted((store.folder / COPIES).rglob("*.py"))
    return {path.relative_to(store.folder).as_posix(): path for path in paths}


def _scored(store: Store) -> set[str]:
    """The codes of hypermodels of which a run has a score."""
    scored = (event for event in store.events() if event.get("score") is not None)
    return {event["config"][CODE] for event in scored if CODE in event.get("config", {})}


def _folder(spec: Spec) -> Path:
    return Path(spec.path).absolute().parent


def _digest(path: Path) -> str:
    try:
        return digest(path)
    except SourceError:
        return "(no longer valid Python)"
