"""What a study found, in a few lines: each cell's pick, then the verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean
from textwrap import wrap
from typing import Any

from hpstudy.analysis.claims import Claims
from hpstudy.analysis.digits import of_mean
from hpstudy.analysis.kstar import sentence
from hpstudy.analysis.progress import missing
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.verdict import Verdict
from hpstudy.analysis.words import Measure, number, thousands
from hpstudy.spec.study import short

ROOM = 30  # columns that settings need beside a row's figures
MOST = 12  # cells, verdicts or missing things that are told one by one


def lines(claims: Claims, width: int | None = None) -> list[str]:
    """Picks, verdicts and k* of a study, wrapped where a width is given."""
    record = claims.record
    told = _picks(claims, width)
    found = [_told(verdict, width) for verdict in claims.verdicts]
    lacking = [_item(line, width) for line in missing(record)]
    equal = [_item(sentence(record, one), width) for one in claims.kstars]
    told_of = (("Verdicts", found), ("Random weights", equal), ("Missing", lacking))
    for head, items in told_of:
        if items:
            more = len(items) - MOST
            rest = [f"and {more} more, in the report"] if more > 0 else []
            told += ["", head, *(line for item in items[:MOST] for line in item), *rest]
    return told


def _told(verdict: Verdict, width: int | None) -> list[str]:
    """A claim, and below it what is in doubt and what is to note."""
    lines = _item(f"{verdict.claim}.", width)
    for head, words in (("in doubt", verdict.doubts), ("noted", verdict.notes)):
        if words:
            lines += _item(f"{'; '.join(words)}.", width, f"  {head}: ", "    ")
    return lines


def _item(text: str, width: int | None, first: str = "- ", rest: str = "  ") -> list[str]:
    if not width:
        return [f"{first}{text}"]
    return wrap(text, width, initial_indent=first, subsequent_indent=rest)


def _picks(claims: Claims, width: int | None) -> list[str]:
    """A table of the picked cells, best test score first."""
    record = claims.record
    measure = Measure(record.metric, record.maximise)
    picked = [cell for cell in record.cells if cell.pick is not None]
    sign = -1 if record.maximise else 1
    keys = dict.fromkeys(key for cell in picked for key in _searched(cell))
    places = claims.digits

    def place(cell: CellRecord) -> float:
        scores = cell.test_scores(record.metric)
        return sign * fmean(scores) if scores else float("inf")

    rows = [("Picks, best first", measure.label("test"), "trained", "searched settings")]
    for cell in sorted(picked, key=place)[:MOST]:
        scores = cell.test_scores(record.metric)
        rows.append(
            (
                cell.name,
                measure.value(fmean(scores), of_mean(cell, measure, places)) if scores else "",
                thousands(cell.counts.get("trained")),
                _settings(cell, keys),
            )
        )
    if len(rows) == 1:
        return []
    wide = [max(len(row[column]) for row in rows) for column in range(3)]
    table = []
    for name, reached, trained, settings in rows:
        first = f"{name:<{wide[0]}}  {reached:>{wide[1]}}  {trained:>{wide[2]}}"
        table += _beside(first, settings, width)
    more = len(picked) - MOST
    return [*table, *([f"and {more} more, in the report"] if more > 0 else [])]


def _beside(first: str, settings: str, width: int | None) -> list[str]:
    """The settings beside the figures of a row, or below them where there is little room."""
    if not width:
        return [f"{first}  {settings}".rstrip()]
    if width - len(first) >= ROOM:
        indent = " " * (len(first) + 2)
        return wrap(settings, width, initial_indent=f"{first}  ", subsequent_indent=indent) or [
            first.rstrip()
        ]
    return [first, *wrap(settings, width, initial_indent="    ", subsequent_indent="    ")]


def _searched(cell: CellRecord) -> dict[str, Any]:
    """What the search chose for each setting that it searched."""
    params = cell.choice["params"] if cell.choice is not None else {}
    return {name.partition("[")[0]: value for name, value in params.items()}


def _settings(cell: CellRecord, keys: Iterable[str]) -> str:
    """'learning_rate 1.2, units 64 (fixed)': what any cell searched, as this one has it.

    A setting that the cell sweeps is in its name.
    """
    own = _searched(cell)
    told = {key: own.get(key, cell.config.get(key)) for key in keys if key not in cell.point}
    return ", ".join(
        f"{short(key)} {number(value)}{'' if key in own else ' (fixed)'}"
        for key, value in told.items()
        if key in own or key in cell.config
    )
