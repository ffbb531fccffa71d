"""What confirm runs left beside the log, each file read once however many contrasts need it."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from hpstudy.analysis.examples import per_example
from hpstudy.analysis.record import StudyRecord
from hpstudy.analysis.statistics import Floats
from hpstudy.store import Event, Store


class Evidence:
    """Curves and test outputs of a study's runs, in the study's metric."""

    def __init__(self, record: StudyRecord, store: Store) -> None:
        self._store = store
        self._task = str(record.study["data"]["shape"]["task"])
        self._metric = record.metric
        self._curve = cache(self._read_curve)
        self._outputs = cache(self._read_outputs)
        self._variances = cache(self._read_variances)

    def each(self, run: Event) -> Floats | None:
        """One value per test example whose mean is the run's test metric (r2: up to a constant)."""
        return self._outputs(run["run"], run.get("same_as"), run["metrics"].get(self._key))

    def gain(self, run: Event) -> float | None:
        """The mean validation score of the last tenth of epochs minus that of the tenth before."""
        scores = self._curve(run["run"], run.get("same_as"))
        if run["status"] != "finished" or scores is None:
            return None
        tenth = max(1, round(len(scores) / 10))
        if len(scores) < 2 * tenth:
            return None
        gain = float(np.mean(scores[-tenth:]) - np.mean(scores[-2 * tenth : -tenth]))
        return gain if math.isfinite(gain) else None

    def dead(self, run: Event) -> tuple[int, int] | None:
        """Units that a normalisation saw vary by less than its epsilon at the end, and all units.

        None where a run has no such layers, or keeps no values.
        """
        epsilon = run["config"].get("model.norm_epsilon")
        if epsilon is None or run["status"] != "finished":
            return None
        variances = self._variances(run["run"], run.get("same_as"))
        if variances is None:
            return None
        return int(np.sum(variances < epsilon)), len(variances)

    @property
    def _key(self) -> str:
        return f"test_{self._metric}"

    def _read_curve(self, run: str, same_as: str | None) -> Floats | None:
        wanted = (self._metric,)
        kept = self._store.curves(run, wanted) or self._store.curves(same_as or run, wanted)
        found = kept.get(self._metric)
        return None if found is None else np.asarray(found, dtype=np.float64)

    def _read_outputs(self, run: str, same_as: str | None, reported: float | None) -> Floats | None:
        wanted = ("test_outputs", "test_labels")
        arrays = self._kept(run, same_as, wanted)
        if len(arrays) < len(wanted):
            return None
        outputs, labels = (arrays[name] for name in wanted)
        return per_example(outputs, labels, reported, self._task, self._metric)

    def _read_variances(self, run: str, same_as: str | None) -> Floats | None:
        found = self._kept(run, same_as, ("final/*moving_variance",))
        return np.concatenate([np.ravel(one) for one in found.values()]) if found else None

    def _kept(self, run: str, same_as: str | None, wanted: tuple[str, ...]) -> dict[str, Any]:
        """A run's arrays, or those of the run that it repeats."""
        return self._store.arrays(run, wanted) or self._store.arrays(same_as or run, wanted)
