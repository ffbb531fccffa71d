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
from hpstudy.spec.foreign import CODE
from hpstudy.spec.source import COPIES, Source, SourceError, changed, importable, source
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

    A copy is taken where the others are gone or not what the run was trained with. Raises
    StoreError where there is none.
    """
    config, run = event["config"], event["run"]
    name, code = str(config["model.type"]), str(config[CODE])
    copies = store.folder.absolute() / COPIES
    first = _found(name, (store.folder / study.get("beside", "")).resolve())
    if first is not None and first.code == code:
        return Origin(first)
    copy = _found(name, copies)
    kept = copy if copy is not None and (copy.root, copy.code) == (copies, code) else None
    gone = f"{name} is neither beside the study file nor where Python finds modules"
    if first is None and kept is None:
        raise StoreError(f"run {run} cannot be given back: {gone}, and {copies} has no copy of it")
    since = gone if first is None else f"{changed(code, first.code)} since run {run} was trained"
    if kept is not None:
        return Origin(kept, f"{since}; its model is built by running the copy in {copies}")
    assert first is not None
    return Origin(first, f"{since}, and {copies} has no copy of it as it was")


def _imported(tops: Collection[str]) -> dict[str, ModuleType]:
    """What Python has imported under these first names."""
    return {name: one for name, one in sys.modules.items() if name.partition(".")[0] in tops}


def _forget(names: Iterable[str]) -> None:
    for name in list(names):
        del sys.modules[name]


def _found(name: str, folder: Path) -> Source | None:
    try:
        return source(name, folder)
    except SourceError:
        return None
