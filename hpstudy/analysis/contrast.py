"""Declared pairs of arms, compared seed by seed at every sweep point that they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from hpstudy.analysis import examples, flags
from hpstudy.analysis.evidence import Evidence
from hpstudy.analysis.flag import Flag
from hpstudy.analysis.frames import Columns, by_column
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.statistics import EQUAL, LEVEL, Interval, SignFlip, sign_flip, t_interval
from hpstudy.store import Event, Store


@dataclass(frozen=True)
class Contrast:
    """Two cells and what their paired confirm runs say; `interval` is None without any pair.

    `seeds`, `scores_a` and `scores_b` go together, one entry a pair; differences are a minus b.
    """

    a: CellRecord
    b: CellRecord
    point: Mapping[str, Any]
    metric: str
    maximise: bool
    seeds: tuple[int, ...]
    scores_a: tuple[float, ...]
    scores_b: tuple[float, ...]
    interval: Interval | None
    test: SignFlip | None
    half_width: float | None
    flags: tuple[Flag, ...]

    @property
    def n(self) -> int:
        return len(self.seeds)

    @property
    def alike(self) -> bool:
        """Whether several seeds gave one and the same difference, and so no interval."""
        return self.n > 1 and self.interval is not None and self.interval.half_width is None

    @property
    def shown(self) -> bool:
        """Whether the sign-flip test rejects and, where there is an interval, it excludes zero."""
        return self.test is not None and self.test.p < LEVEL and not self._near_zero

    @property
    def untested(self) -> bool:
        """Whether only more seeds could tell: no values of so few make the test reject."""
        return self.test is not None and self.test.smallest >= LEVEL and not self._near_zero

    @property
    def _near_zero(self) -> bool:
        """Whether the interval covers zero; without one, whether the mean difference is none."""
        if self.interval is None:
            return True
        if self.interval.half_width is not None:
            return self.interval.covers_zero
        # what rounding alone makes of no difference may lie on one side for every seed
        rounding = EQUAL * max(map(abs, (*self.scores_a, *self.scores_b)))
        return self.alike and abs(self.interval.mean) <= rounding

    @property
    def differences(self) -> tuple[float, ...]:
        return tuple(x - y for x, y in zip(self.scores_a, self.scores_b, strict=True))

    @property
    def mean_a(self) -> float | None:
        return fmean(self.scores_a) if self.scores_a else None

    @property
    def mean_b(self) -> float | None:
        return fmean(self.scores_b) if self.scores_b else None


def contrasts(record: StudyRecord, store: Store) -> tuple[Contrast, ...]:
    """Every declared contrast at every shared sweep point, in the study file's order.

    Two cells are compared where the sweep axes that both arms have agree; an arm's own further
    axes give one comparison for each of their values.
    """
    found = []
    evidence = Evidence(record, store)
    for name_a, name_b in record.study["contrasts"]:
        cells_a = [cell for cell in record.cells if cell.arm == name_a]
        cells_b = [cell for cell in record.cells if cell.arm == name_b]
        shared = {k for c in cells_a for k in c.point} & {k for c in cells_b for k in c.point}
        for a in cells_a:
            for b in cells_b:
                if all(a.point.get(axis) == b.point.get(axis) for axis in shared):
                    found.append(_compare(record, evidence, a, b))
    return tuple(found)


def _compare(record: StudyRecord, evidence: Evidence, a: CellRecord, b: CellRecord) -> Contrast:
    key = f"test_{record.metric}"
    by_seed = {run["seed_index"]: run for run in b.confirmed if _score(run, key) is not None}
    pairs: list[tuple[Event, Event]] = [
        (run, by_seed[run["seed_index"]])
        for run in a.confirmed
        if run["seed_index"] in by_seed and _score(run, key) is not None
    ]
    scores_a = tuple(float(left["metrics"][key]) for left, _ in pairs)
    scores_b = tuple(float(right["metrics"][key]) for _, right in pairs)
    differences = np.asarray(scores_a) - np.asarray(scores_b)
    scale = max(map(abs, (*scores_a, *scores_b)), default=0.0)
    interval = t_interval(differences, scale=scale) if pairs else None
    half_width = examples.half_width(
        [
            difference
            for left, right in pairs
            for difference in examples.differences(evidence.each(left), evidence.each(right))
        ]
    )
    raised = (
        flags.of_contrast(record, evidence, a, b, len(pairs), interval, half_width)
        if interval
        else ()
    )
    return Contrast(
        a=a,
        b=b,
        point={**a.point, **b.point},
        metric=record.metric,
        maximise=record.maximise,
        seeds=tuple(left["seed_index"] for left, _ in pairs),
        scores_a=scores_a,
        scores_b=scores_b,
        interval=interval,
        test=sign_flip(differences) if pairs else None,
        half_width=half_width,
        flags=raised,
    )


def _score(run: Event, key: str) -> float | None:
    value = (run.get("metrics") or {}).get(key)
    return None if value is None else float(value)


def columns(record: StudyRecord, found: tuple[Contrast, ...], sentences: Sequence[str]) -> Columns:
    """Contrasts as a table, one row each, with the verdict's sentence as the last column."""
    axes = record.axis_names()
    names = [
        *("arm_a", "arm_b"),
        *(f"sweep.{name}" for name in axes.values()),
        *("cell_a", "cell_b", "metric", "n", "mean_a", "mean_b"),
        *("difference", "low", "high", "p", "p_smallest", "p_method"),
        *("test_half_width", "trained_a", "total_a", "trained_b", "total_b"),
        *("flags", "verdict"),
    ]
    rows = []
    for one, sentence in zip(found, sentences, strict=True):
        interval, test = one.interval, one.test
        row = {
            **{f"sweep.{name}": one.point.get(axis) for axis, name in axes.items()},
            "arm_a": one.a.arm,
            "arm_b": one.b.arm,
            "cell_a": one.a.name,
            "cell_b": one.b.name,
            "metric": f"test_{one.metric}",
            "n": one.n,
            "mean_a": one.mean_a,
            "mean_b": one.mean_b,
            "test_half_width": one.half_width,
            **{f"{key}_a": one.a.counts.get(key) for key in ("trained", "total")},
            **{f"{key}_b": one.b.counts.get(key) for key in ("trained", "total")},
            "flags": "; ".join(dict.fromkeys(flag.name for flag in one.flags)),
            "verdict": sentence,
        }
        if interval is not None and test is not None:
            row |= {"difference": interval.mean, "low": interval.low, "high": interval.high}
            row |= {"p": test.p, "p_smallest": test.smallest, "p_method": test.method}
        rows.append(row)
    return by_column(rows, names)
