"""The CSV files: views of the store that can be made again at any time."""

from __future__ import annotations

from pathlib import Path

from hpstudy.analysis import contrast, frames, ranking
from hpstudy.analysis.claims import Claims
from hpstudy.analysis.frames import Columns, csv_text


def tables(claims: Claims) -> dict[str, Columns]:
    """`runs`, `ranking` and `contrast`, as they go into the CSV files."""
    record = claims.record
    return {
        "runs": frames.runs(record),
        "ranking": ranking.columns(record, ranking.ranking(record)),
        "contrast": contrast.columns(record, claims.contrasts, [str(v) for v in claims.verdicts]),
    }


def write(claims: Claims) -> tuple[Path, ...]:
    """Write `runs.csv`, `ranking.csv` and `contrast.csv`, each atomically."""
    return tuple(
        claims.store.write_text(f"{name}.csv", csv_text(found))
        for name, found in tables(claims).items()
    )
