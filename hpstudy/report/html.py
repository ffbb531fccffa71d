"""The report: one self-contained HTML file, made from a study's store alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from hpstudy.analysis import views
from hpstudy.analysis.claims import Claims, claims
from hpstudy.report.findings import Findings, find
from hpstudy.report.page import Section, render
from hpstudy.report.sections.contrasts import picture
from hpstudy.report.sections.failures import failures
from hpstudy.report.sections.kstar import kstar
from hpstudy.report.sections.pareto import pareto
from hpstudy.report.sections.question import design, question
from hpstudy.report.sections.reproduce import reproduce
from hpstudy.report.sections.tables import arms, ranking
from hpstudy.report.sections.training import learning_curves, learning_rate, trained_parameters
from hpstudy.report.sections.verdicts import verdicts
from hpstudy.store import REPORT

# a section that has nothing to say about a study gives None
SECTIONS: list[Callable[[Findings], Section | None]] = [
    question,
    verdicts,
    picture,
    design,
    kstar,
    pareto,
    learning_rate,
    learning_curves,
    trained_parameters,
    arms,
    ranking,
    failures,
    reproduce,
]


def write(folder: str | os.PathLike[str], known: Claims | None = None) -> Path:
    """Write `report.html` and the CSV files of a study's folder; gives the report's path.

    Works at any time: an unfinished study's report says what is missing. The same store gives the
    same bytes. `known` spares reading the folder where that is done. Raises StoreError where the
    folder holds no study.
    """
    found = known or claims(folder)
    record, store = found.record, found.store
    findings = find(found)
    tables = views.write(found)
    sections = [section(findings) for section in SECTIONS]
    page = render(
        "page.html.j2",
        name=record.study["name"],
        sections=[one for one in sections if one is not None],
        tables=[table.name for table in tables],
        last_time=record.last_time,
        version=record.study["versions"].get("hpstudy", ""),
    )
    return store.write_text(REPORT, str(page))
