"""Where the hypermodel of a stored run is imported from: its own files, or else their copies."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from hpstudy.errors import StoreError
from hpstudy.sources import places
from hpstudy.spec.foreign import CODE
from hpstudy.spec.source import (
    COPIES,
    Source,
    SourceError,
    SourceMissing,
    changed,
    importable,
    installed,
    source,
)
from hpstudy.store import Event, Store

# what this process runs on is imported once, even where it lies beside the study file
_SHARED = ("hpstudy", "keras", "keras_tuner", "numpy", "jax", "jaxlib", "tensorflow", "torch")
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Origin:
    """The source that a run's model is built from, and what is to be said of it, if anything."""

    source: Source
    doubt: str | None = None

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Within this block Python imports these files anew, whatever it has imported before.

        What it had imported is put back afterwards. Modules stay that had no others before them,
        for imports inside functions; those of a copy never do.
        """
        root = self.source.root
        if not self.source.files or root.name in _INSTALLED:
            yield
            return
        files = {path.relative_to(root).parts[0] for path in importable(self.source)}
        own = {file.removesuffix(".py") for file in files}.difference(_SHARED)
        before = _imported(own)
        _forget(before)
        # a copy is evidence, and no place for bytecode
        cached, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        sys.path.insert(0, str(root))
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.path.remove(str(root))
            sys.dont_write_bytecode = cached
            if before or self.doubt is not None:
                _forget(_imported(own))
                sys.modules.update(before)


def origin(event: Event, study: Event, store: Store) -> Origin:
    """Where a run's hypermodel is: beside the study file, where Python finds it, or copied.

    A copy is taken where the others are gone or not what the run was trained with, and whatever
    lies in the study's folder is one. Raises StoreError where there is none.
    """
    config, run = event["config"], event["run"]
    name, code = str(config["model.type"]), str(config[CODE])
    copies = store.folder.absolute() / COPIES
    # studies of earlier versions do not tell where their files lie
    beside = study.get("beside")
    folders = (None,) if beside is None else places(store, beside)
    first = min((_found(name, folder) for folder in folders), key=lambda one: _rank(one, code))
    inside = isinstance(first, Source) and _lies_in(first, store.folder)
    if isinstance(first, Source) and first.code == code and not inside:
        return Origin(first)
    if isinstance(first, SourceMissing):
        since = _gone(name, beside)
    elif isinstance(first, SourceError):
        since = str(first)
    elif first.code != code:
        since = f"{changed(code, first.code)} since run {run} was trained"
    else:
        since = f"{name} lies in the study's folder itself"
    copy = _found(name, copies)
    if isinstance(copy, Source) and (copy.root, copy.code) == (copies, code):
        return Origin(copy, f"{since}; its model is built by running the copy in {copies}")
    without = f"{copies} has no copy of it"
    if isinstance(copy, SourceError) and not isinstance(copy, SourceMissing):
        without = f"its copy in {copies} cannot be run: {copy}"
    elif isinstance(first, Source):
        without += " as it was"
    if isinstance(first, SourceError):
        raise StoreError(f"run {run} cannot be given back: {since}, and {without}")
    ran = f"; its model is built by running the copy in {first.root}" if inside else ""
    return Origin(first, f"{since}, and {without}{ran}")


def _gone(name: str, beside: str | None) -> str:
    if beside is not None:
        return f"{name} is neither beside the study file nor where Python finds modules"
    return (
        f"{name} is not where Python finds modules, and the study is of an earlier version of "
        f"hpstudy, which did not record where its file lies"
    )


def _found(name: str, folder: Path | None) -> Source | SourceError:
    """What a hypermodel's name means in a folder, or to Python; or why it means nothing."""
    try:
        if folder is not None:
            return source(name, folder)
        return installed(name) or SourceMissing(name)
    except SourceError as error:
        return error


def _rank(found: Source | SourceError, code: str) -> int:
    """Lowest for the code as it was, highest where there is none."""
    if isinstance(found, Source):
        return 0 if found.code == code else 1
    return 3 if isinstance(found, SourceMissing) else 2


def _lies_in(found: Source, folder: Path) -> bool:
    """Whether anything that a source imports is in a folder, by whatever links."""
    paths = [found.root, *importable(found)] if found.files else []
    return any(path.resolve().is_relative_to(folder.resolve()) for path in paths)


def _imported(tops: Collection[str]) -> dict[str, ModuleType]:
    """What Python has imported under these first names."""
    return {name: one for name, one in sys.modules.items() if name.partition(".")[0] in tops}


def _forget(names: Iterable[str]) -> None:
    for name in list(names):
        del sys.modules[name]
