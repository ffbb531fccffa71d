"""Runs as a table: one row a run, every setting a column, times last."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hpstudy.analysis.epochs import trained_epochs
from hpstudy.analysis.record import StudyRecord
from hpstudy.spec.seeds import STREAMS
from hpstudy.store import Event

if TYPE_CHECKING:
    import pandas as pd

Columns = Mapping[str, Sequence[Any]]

METRICS = ("train_loss", "loss", "test_loss")
TIMES = ("trained_epochs", "seconds.total", "seconds.compile", "time")


def runs(record: StudyRecord) -> Columns:
    """Every run ever made, sorted by cell, generation, phase, trial and seed index.

    Columns in order: identity and place, seeds, outcome, metrics, counts, settings, numerics, and
    at the very end what another execution need not share: the epochs that were really trained,
    which are fewer where a run went on from a kept state, and times (`seconds.*`, `time`).
    """
    axes = record.axis_names()
    metrics = list(dict.fromkeys([*METRICS, *_metric_names(record)]))
    settings = sorted({key for run in record.runs for key in run["config"]})
    names = [
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
    return by_column(rows, names)


def by_column(rows: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Columns:
    """The rows' values under exactly these names; lists and mappings as JSON text."""
    kept = list(rows)
    return {name: [_flat(row.get(name)) for row in kept] for name in names}


def frame(columns: Columns) -> pd.DataFrame:
    """Columns as a DataFrame; whole numbers stay whole beside blanks."""
    import pandas as pd

    series = {name: pd.Series(values, dtype=_dtype(values)) for name, values in columns.items()}
    return pd.DataFrame(series, columns=list(columns))


def csv_text(columns: Columns) -> str:
    """Columns as a CSV file, without pandas, which costs more than writing it does."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*map(_written, columns.values()), strict=True))
    return text.getvalue()


def _written(values: Sequence[Any]) -> Sequence[Any]:
    """Numbers of one column all alike, blanks where there is none."""
    if _dtype(values) == "float64":
        return ["" if v is None or math.isnan(v) else float(v) for v in values]
    return values


def _dtype(values: Sequence[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        return "Int64"
    return "float64" if kinds and kinds <= {int, float} else "object"


def _flat(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | tuple | dict) else value


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
        "trained_epochs": trained_epochs(run),
        "seconds.total": seconds.get("total"),
        "seconds.compile": seconds.get("compile"),
        "time": run.get("time"),
    }


def _metric_names(record: StudyRecord) -> list[str]:
    return sorted({name for run in record.runs for name in run.get("metrics") or {}})
