"""The CSV files: views of the store that can be made again at any time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hpstudy.analysis import contrast, frames, ranking
from hpstudy.analysis.record import StudyRecord
from hpstudy.analysis.verdict import verdict
from hpstudy.store import Store

if TYPE_CHECKING:
    import pandas as pd


def tables(
    record: StudyRecord, store: Store, found: tuple[contrast.Contrast, ...] | None = None
) -> dict[str, pd.DataFrame]:
    """`runs`, `ranking` and `contrast`, as they go into the CSV files.

    `found` spares working out the contrasts again where they are known.
    """
    found = contrast.contrasts(record, store) if found is None else found
    sentences = [str(verdict(record, one)) for one in found]
    return {
        "runs": frames.runs(record),
        "ranking": ranking.frame(record, ranking.ranking(record)),
        "contrast": contrast.frame(record, found, sentences),
    }


def write(
    record: StudyRecord, store: Store, found: tuple[contrast.Contrast, ...] | None = None
) -> tuple[Path, ...]:
    """Write `runs.csv`, `ranking.csv` and `contrast.csv`, each atomically."""
    return tuple(
        store.write_text(f"{name}.csv", frame.to_csv(index=False, lineterminator="\n"))
        for name, frame in tables(record, store, found).items()
    )
