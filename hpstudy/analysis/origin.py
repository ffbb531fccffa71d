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
from hpstudy.spec.source import COPIES, Source, SourceError, changed, source
from hpstudy.store import Event, Store


@dataclass(frozen=True)
class Origin:
    """The source that a run's model is built from, and what is to be said of it, if anything."""

    source: Source
    doubt: str | None = None

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Within this block Python imports these files, whatever it has imported before."""
        root, files = self.source.root, self.source.files
        if not files:
            yield
            return
        own = {path.relative_to(root).parts[0].removesuffix(".py") for path in files}
        before = _imported(own)
        elsewhere = not all(_lies_in(module, root) for module in before.values())
        if elsewhere:
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
            if elsewhere or self.doubt is not None:
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


def _lies_in(module: ModuleType, root: Path) -> bool:
    file = getattr(module, "__file__", None)
    return file is None or Path(file).is_relative_to(root)


def _found(name: str, folder: Path) -> Source | None:
    try:
        return source(name, folder)
    except SourceError:
        return None
