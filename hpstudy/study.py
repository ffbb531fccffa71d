"""The Python API of a study: a specification and a folder in, a summary out."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hpstudy import controls, data, extremes, preflight
from hpstudy.coordinator import Coordinator
from hpstudy.data import DATASETS
from hpstudy.engine.devices import fleet
from hpstudy.engine.flight import at_first, in_flight
from hpstudy.engine.started import Started, ahead
from hpstudy.errors import HpstudyError, StoreError
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.nearby import REPORTS
from hpstudy.progress import Progress, Silent, Summary
from hpstudy.search.drivers import DRIVERS
from hpstudy.spec.declarations import Registries
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.schema import load
from hpstudy.spec.study import Spec
from hpstudy.store import Store
from hpstudy.subsets.rules import WORDS

__all__ = ["REGISTRIES", "Progress", "Silent", "Summary", "read", "run"]

REGISTRIES = Registries(DATASETS, HYPERMODELS, WORDS, DRIVERS)


def read(
    path: str | os.PathLike[str], *, variant: str | None = None, edits: Sequence[str] = ()
) -> Spec:
    """The study of a file, with a variant of it and edits as 'training.length.epochs=2'.

    Raises SpecError with every mistake of the file, each with its line and column.
    """
    return load(Path(path), REGISTRIES, variant=variant, edits=edits)


def run(
    spec: Spec,
    folder: str | os.PathLike[str] | None = None,
    *,
    workers: int | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
    sound: Callable[[], object] = lambda: None,
    meanwhile: Callable[[], object] = lambda: None,
) -> Summary:
    """Run or go on with `spec` in `folder`; finished runs are reused, never trained again.

    Without a folder it is `reports/` and the study's name, as of the command `run`.
    `progress` is told what happens by the four methods of `Progress`, of which `doubted` comes
    first; with None nobody is. `sound` is called once the study is found right, before anything
    happens in `folder`, and `meanwhile` again and again while a core has nothing to do, though
    what ends then waits for it. Raises SpecError where a network of the study cannot satisfy its
    subset or a hypermodel contradicts the study, HypermodelError where one cannot be built or
    trained, DataError where the data cannot be had, StudyChanged where the folder's results
    contradict the study, StoreError where another process runs it.
    """
    if not isinstance(spec, Spec):
        raise HpstudyError(
            f"hpstudy.run takes a study, and saw {type(spec).__name__}; "
            f"hpstudy.read(path) makes one of a file"
        )
    sizes = data.sizes(spec.data)
    extremes.check(spec, sizes)
    store, watching = Store(folder or REPORTS / spec.name), progress or Silent()
    with _early(spec, store, workers) as early:
        split = data.load(spec.data)
        for doubt in (*controls.doubts(spec, sizes), *preflight.check(spec, split, store)):
            watching.doubted(doubt)
        sound()
        with _alone(store):
            store.repair()
            return Coordinator(spec, split, store, watching).run(workers, cache, early, meanwhile)


@contextlib.contextmanager
def _early(spec: Spec, store: Store, workers: int | None) -> Iterator[list[Started]]:
    """Workers that import while the data is read, where it is sure that there is work for them.

    A folder may hold every run, and the first build of somebody's hypermodel has a worker alone.
    """
    if store.exists or any(is_foreign(cell.settings) for cell in spec.cells):
        yield []
        return
    trains = fleet(workers, spec.engine, in_flight(spec, HYPERMODELS))
    with ahead(trains, at_first(spec), str(spec.engine.get("dtype", "float32"))) as early:
        yield early


@contextlib.contextmanager
def _alone(store: Store) -> Iterator[None]:
    """Hold the folder's lock, so that two coordinators never write to one study."""
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        opened = (store.folder / ".lock").open("a")
    except OSError as error:
        why = f"the study's folder {store.folder} cannot be written: {error.strerror}"
        raise StoreError(why) from None
    with opened as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"{store.folder} is being run by another process") from None
        yield
