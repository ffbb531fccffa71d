"""A study's results in Python: DataFrames, curves, arrays, and the trained models."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpstudy import data
from hpstudy.analysis import kstar, pareto
from hpstudy.analysis.claims import claims
from hpstudy.analysis.frames import frame
from hpstudy.analysis.origin import origin
from hpstudy.analysis.record import StudyRecord
from hpstudy.analysis.views import tables
from hpstudy.errors import HpstudyError, StoreError
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.study import Data
from hpstudy.store import Event, Store

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Results:
    """What `hpstudy.load` gives; its DataFrames are what the CSV files hold.

    `kstar` has no rows, and no file, where no amount of random weights is swept, and `pareto` where
    no search has several objectives.
    """

    study: Event
    runs: pd.DataFrame
    ranking: pd.DataFrame
    contrast: pd.DataFrame
    kstar: pd.DataFrame
    pareto: pd.DataFrame
    store: Store
    record: StudyRecord

    def __repr__(self) -> str:
        return f"Results({self.study['name']!r}, {len(self.runs)} runs, {self.store.folder})"

    def curves(self, run: str) -> dict[str, Any]:
        """A run's epoch curves: name -> array of one value an epoch; empty where none is kept."""
        return self.store.curves(run)

    def arrays(self, run: str) -> dict[str, Any]:
        """A confirmed run's 'initial/<path>', 'final/<path>', 'test_outputs' and 'test_labels'."""
        return self.store.arrays(run)

    def model(self, run: str) -> Any:
        """A confirmed run's network as a Keras model holding its final values.

        Its predictions on `split().x_test` are the stored `test_outputs`. Keras is loaded with the
        run's own backend where nothing has chosen one. A hypermodel of your own
        is imported from beside the study file or from where Python finds it; where it is gone or
        has changed since, a UserWarning says so, and that the copy in the study's folder is run
        instead. One with a `fit` needs the study's data too, which that adapts to. Raises
        StoreError for a run that is unknown or keeps no arrays, where values and network do not
        match, and where no such hypermodel is left.
        """
        event, arrays = self._event(run), self.arrays(run)
        finals = {
            name.removeprefix("final/"): value
            for name, value in arrays.items()
            if name.startswith("final/")
        }
        if not finals:
            raise StoreError(f"run {run} keeps no arrays; confirmed runs that finished do")
        if "keras" not in sys.modules:
            os.environ.setdefault("KERAS_BACKEND", event["numerics"]["backend"])
        said = self.study["data"]["shape"]
        shape = DataShape(tuple(said["input_shape"]), said["task"], int(said["outputs"]))
        if not is_foreign(event["config"]):
            return restored(_built(event["config"], shape), finals, run)
        # looked up by name, so that reading results imports neither Keras nor JAX
        rebuilding = importlib.import_module("hpstudy.engine.rebuilding")
        found = origin(event, self.study, self.store)
        if found.doubt:
            warnings.warn(found.doubt, stacklevel=2)
        with found.importable():
            again = rebuilding.rebuilt(event, shape, self.split)
            model = restored(again.model, finals, run)
            wrong = again.settle(arrays["test_outputs"] if event["status"] == "finished" else None)
        if wrong is not None:
            raise StoreError(f"run {run} cannot be given back: {wrong}")
        return model

    def split(self) -> Any:
        """The study's data as its runs had them: drawn into parts, and scaled as inputs are.

        `x_train`, `y_train`, `x_val`, `y_val`, `x_test`, `y_test`, and what undoes the scaling of a
        regression target. Raises StoreError where the data cannot be had or are others now.
        """
        said = self.study["data"]
        named = ("name", "validation", "test", "split_seed", "options")
        wanted = Data(**{name: said[name] for name in named})
        try:
            split = data.load(wanted)
        except HpstudyError as error:
            raise StoreError(f"the study's data cannot be had: {error}") from error
        if split.fingerprint != said["fingerprint"]:
            raise StoreError(f"the data {wanted.name} are others than the study's runs had")
        return split

    def _event(self, run: str) -> Event:
        # a name does not tell the code of a hypermodel, which may have been mended since
        for event in sorted(self.record.runs, key=self.record.superseded):
            if event["run"] == run:
                return event
        confirmed = [e["run"] for e in self.record.runs if e["phase"] == "confirm"]
        some = ", ".join(confirmed[:3]) or "none"
        raise StoreError(f"no run {run} in {self.store.folder}; confirmed runs: {some}, ...")


def load(folder: str | os.PathLike[str]) -> Results:
    """Everything that a study's folder holds; raises StoreError where there is no study."""
    said = claims(folder)
    found = {name: frame(columns) for name, columns in tables(said).items()}
    return Results(
        study=said.record.study,
        runs=found["runs"],
        ranking=found["ranking"],
        contrast=found["contrast"],
        kstar=frame(kstar.columns(said.record, said.kstars)),
        pareto=frame(pareto.columns(said.record, said.fronts)),
        store=said.store,
        record=said.record,
    )


def _built(config: Event, shape: DataShape) -> Any:
    # looked up by name, so that reading results imports neither Keras nor JAX
    registry = importlib.import_module("hpstudy.hypermodels").HYPERMODELS
    settings = {
        key.removeprefix("model."): tuple(value) if isinstance(value, list) else value
        for key, value in config.items()
        if key.startswith("model.") and key != "model.type"
    }
    module, _, function = registry[config["model.type"]].build.partition(":")
    return getattr(importlib.import_module(module), function)(settings, shape)


def restored(model: Any, finals: Event, run: str) -> Any:
    """The model with its values given back."""
    from hpstudy.subsets.keras import variables as owned_by

    owned = owned_by(model)
    variables = {one.path: one.variable for one in owned}
    needed = {one.path for one in owned if one.parameter}
    unmatched = sorted((needed - set(finals)) | (set(finals) - set(variables)))
    if unmatched:
        raise StoreError(f"run {run}: values and network differ in {', '.join(unmatched)}")
    for path, value in finals.items():
        variables[path].assign(value)
    return model
