"""What a study found, in a few lines: each cell's pick, then the verdicts."""

from __future__ import annotations

from statistics import fmean
from textwrap import wrap

from hpstudy.analysis.claims import Claims
from hpstudy.analysis.kstar import sentence
from hpstudy.analysis.progress import missing
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.verdict import Verdict
from hpstudy.analysis.words import Measure, number, thousands
from hpstudy.spec.study import short

ROOM = 30  # columns that settings need beside a row's figures
MOST = 12  # cells, verdicts or missing things that are told one by one


def lines(claims: Claims, width: int | None = None) -> list[str]:
    """Picks, verdicts and k* of a study, wrapped where a width is given."""
    record = claims.record
    told = _picks(record, width)
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
    """A claim, and below it what is to note and what is in doubt."""
    lines = _item(f"{verdict.claim}.", width)
    for head, words in (("noted", verdict.notes), ("in doubt", verdict.doubts)):
        if words:
            lines += _item(f"{'; '.join(words)}.", width, f"  {head}: ", "    ")
    return lines


def _item(text: str, width: int | None, first: str = "- ", rest: str = "  ") -> list[str]:
    if not width:
        return [f"{first}{text}"]
    return wrap(text, width, initial_indent=first, subsequent_indent=rest)


def _picks(record: StudyRecord, width: int | None) -> list[str]:
    """A table of the picked cells, best test score first."""
    measure = Measure(record.metric, record.maximise)
    picked = [cell for cell in record.cells if cell.pick is not None]
    sign = -1 if record.maximise else 1

    def place(cell: CellRecord) -> float:
        score = _test(cell, record.metric)
        return float("inf") if score is None else sign * score

    rows = [("Picks, best first", measure.label("test"), "trained", "searched settings")]
    for cell in sorted(picked, key=place)[:MOST]:
        score = _test(cell, record.metric)
        rows.append(
            (
                cell.name,
                "" if score is None else measure.value(score),
                thousands(cell.counts.get("trained")),
                _searched(cell),
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


def _test(cell: CellRecord, metric: str) -> float | None:
    """Mean test score of the pick's confirm runs."""
    scores = [run["metrics"].get(f"test_{metric}") for run in cell.confirmed]
    known = [score for score in scores if score is not None]
    return fmean(known) if known else None


def _searched(cell: CellRecord) -> str:
    """'learning_rate 1.2, batch_size 64': the settings that the search chose."""
    params = cell.choice["params"] if cell.choice is not None else {}
    return ", ".join(f"{short(name.partition('[')[0])} {number(v)}" for name, v in params.items())
