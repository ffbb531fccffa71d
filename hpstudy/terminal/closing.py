"""What a study found, in a few lines: each cell's pick, then the verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from hpstudy.analysis.claims import Claims
from hpstudy.analysis.digits import of_mean
from hpstudy.analysis.kstar import sentence
from hpstudy.analysis.progress import missing
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.remarks import Remark, parted, shared
from hpstudy.analysis.verdict import Verdict
from hpstudy.analysis.words import Measure, number, thousands
from hpstudy.spec.study import short
from hpstudy.terminal.wrapping import wrapped

ROOM = 30  # columns that settings need beside a row's figures
MOST = 12  # cells, verdicts or missing things that are told one by one


def lines(claims: Claims, width: int | None = None) -> list[str]:
    """Picks, verdicts and k* of a study, wrapped where a width is given."""
    record = claims.record
    told = _picks(claims, width)
    common = shared([verdict.remarks for verdict in claims.verdicts])
    found = [_told(verdict, common, width) for verdict in claims.verdicts]
    whose = " of both" if len(found) == 2 else " of all"
    of_all = _qualified(*parted(common), width, whose)
    lacking = [_item(line, width) for line in missing(record)]
    equal = [_item(sentence(record, one), width) for one in claims.kstars]
    for head, before, items in (
        ("Verdicts", of_all, found),
        ("Random weights", [], equal),
        ("Missing", [], lacking),
    ):
        if items:
            more = len(items) - MOST
            rest = [f"and {more} more, in the report"] if more > 0 else []
            told += ["", head, *before, *(line for item in items[:MOST] for line in item), *rest]
    return told


def _told(verdict: Verdict, common: Sequence[Remark], width: int | None) -> list[str]:
    """A claim, and below it what is in doubt and what is to note of it alone."""
    qualified = _qualified(*parted(verdict.remarks, common), width)
    return [*_item(f"{verdict.claim}.", width), *qualified]


def _qualified(
    doubts: Sequence[str], notes: Sequence[str], width: int | None, whose: str = ""
) -> list[str]:
    return [
        line
        for head, words in ((f"in doubt{whose}", doubts), (f"noted{whose}", notes))
        if words
        for line in _item(f"{'; '.join(words)}.", width, f"  {head}: ", "    ")
    ]


def _item(text: str, width: int | None, first: str = "- ", rest: str = "  ") -> list[str]:
    if not width:
        return [f"{first}{text}"]
    return wrapped(text, width, first, rest)


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
        return wrapped(settings, width, f"{first}  ", indent) or [first.rstrip()]
    return [first, *wrapped(settings, width, "    ", "    ")]


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
