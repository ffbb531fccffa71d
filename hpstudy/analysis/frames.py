"""Runs as a table: one row a run, every setting a column, times last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hpstudy.analysis.record import StudyRecord
from hpstudy.spec.seeds import STREAMS
from hpstudy.store import Event

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("train_loss", "loss", "test_loss")
TIMES = ("seconds.total", "seconds.compile", "time")


def runs(record: StudyRecord) -> pd.DataFrame:
    """Every run ever made, sorted by cell, generation, phase, trial and seed index.

    Columns in order: identity and place, seeds, outcome, metrics, counts, settings, numerics, and
    at the very end the times (`seconds.*`, `time`), which no two executions share.
    """
    axes = record.axis_names()
    metrics = list(dict.fromkeys([*METRICS, *_metric_names(record)]))
    settings = sorted({key for run in record.runs for key in run["config"]})
    columns = [
        *("run", "cell", "arm"),
        *(f"sweep.{name}" for name in axes.values()),
        *("generation", "superseded", "phase", "trial", "seed_index"),
        *(f"seed.{stream}" for stream in STREAMS),
        *("status", "reason", "same_as", "score", "scored_epoch"),
        *metrics,
        *("rungs", "epochs", "trained", "frozen", "total"),
        *settings,
        *("program", "numerics"),
        *TIMES,
    ]
    rows = [_row(run, axes, record.superseded(run)) for run in record.runs]
    return table(rows, columns)


def table(rows: Iterable[Mapping[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Rows as a DataFrame with exactly these columns; whole numbers stay whole beside blanks."""
    import pandas as pd

    kept = list(rows)
    series = {name: _series([row.get(name) for row in kept]) for name in columns}
    return pd.DataFrame(series, columns=columns)


def _row(run: Event, axes: Mapping[str, str], superseded: bool) -> dict[str, Any]:
    seconds = run.get("seconds") or {}
    return {
        **{key: run.get(key) for key in ("run", "cell", "arm", "generation", "phase", "trial")},
        **{f"sweep.{name}": run["point"].get(axis) for axis, name in axes.items()},
        "superseded": superseded,
        "seed_index": run["seed_index"],
        **{f"seed.{stream}": value for stream, value in (run.get("seeds") or {}).items()},
        **{k: run.get(k) for k in ("status", "reason", "same_as", "score", "scored_epoch")},
        **(run.get("metrics") or {}),
        "rungs": json.dumps(run.get("rungs") or {}, sort_keys=True),
        "epochs": run.get("epochs"),
        **(run.get("counts") or {}),
        **run["config"],
        "program": run.get("program"),
        "numerics": json.dumps(run.get("numerics") or {}, sort_keys=True),
        "seconds.total": seconds.get("total"),
        "seconds.compile": seconds.get("compile"),
        "time": run.get("time"),
    }


def _metric_names(record: StudyRecord) -> list[str]:
    return sorted({name for run in record.runs for name in run.get("metrics") or {}})


def _series(values: list[Any]) -> pd.Series[Any]:
    import pandas as pd

    plain = [json.dumps(v) if isinstance(v, list | tuple | dict) else v for v in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds == {bool}:
        return pd.Series(plain, dtype="boolean")
    if kinds == {int}:
        return pd.Series(plain, dtype="Int64")
    if kinds and kinds <= {int, float}:
        return pd.Series(plain, dtype="float64")
    return pd.Series(plain, dtype="object")
