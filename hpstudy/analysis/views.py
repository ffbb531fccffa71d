"""The CSV files: views of the store that can be made again at any time."""

from __future__ import annotations

from pathlib import Path

from hpstudy.analysis import contrast, frames, kstar, pareto, ranking
from hpstudy.analysis.claims import Claims
from hpstudy.analysis.frames import Columns, csv_text


def tables(claims: Claims) -> dict[str, Columns]:
    """`runs`, `ranking`, `contrast`, and `kstar` and `pareto` where the study has any."""
    record = claims.record
    found = {
        "runs": frames.runs(record),
        "ranking": ranking.columns(record, ranking.ranking(record)),
        "contrast": contrast.columns(record, claims.contrasts, [str(v) for v in claims.verdicts]),
    }
    if claims.kstars:
        found["kstar"] = kstar.columns(record, claims.kstars)
    if claims.fronts:
        found["pareto"] = pareto.columns(record, claims.fronts)
    return found


def write(claims: Claims) -> tuple[Path, ...]:
    """Write every table as `<name>.csv`, each atomically."""
    return tuple(
        claims.store.write_text(f"{name}.csv", csv_text(found))
        for name, found in tables(claims).items()
    )
