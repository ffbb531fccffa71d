"""What was asked, of which data, and how far the study has come."""

from __future__ import annotations

from hpstudy.analysis import searches
from hpstudy.analysis.words import count, number, thousands
from hpstudy.report.findings import Findings, numbered
from hpstudy.report.page import Section, render


def question(findings: Findings) -> Section:
    """The question, the design in a few lines, and what is missing."""
    body = render(
        "question.html.j2",
        question=findings.record.study["question"] or "The study file asks no question.",
        design=_design(findings),
        missing=findings.missing,
    )
    return Section("question", "The question", body)


def _design(findings: Findings) -> list[tuple[str, str]]:
    record = findings.record
    study = record.study
    train, validation, test = (thousands(count) for count in record.examples)
    data = study["data"]["name"]
    return [
        ("Arms", numbered([*record.arms])),
        ("Sweep", _sweep(findings)),
        ("Data", f"{data}: {train} training, {validation} validation, {test} test examples"),
        ("Score", _score(findings)),
        *_baseline(findings),
        *_search(findings),
        ("Confirm", _confirm(findings)),
    ]


def _sweep(findings: Findings) -> str:
    record = findings.record
    lines = []
    for axis, name in record.axis_names().items():
        values = dict.fromkeys(
            number(cell.point[axis]) for cell in record.cells if axis in cell.point
        )
        lines.append(f"{name.replace('_', ' ')} {', '.join(values)}")
    return "; ".join(lines) or "none"


def _score(findings: Findings) -> str:
    at = findings.record.study["score"]["at"]
    epoch = {"last": "the last epoch", "best_validation": "the best validation epoch"}
    when = epoch.get(at, f"epoch {at}")
    better = "" if findings.record.maximise else ", lower is better"
    return f"{findings.measure.name} at {when}{better}, by one rule in every phase"


def _baseline(findings: Findings) -> list[tuple[str, str]]:
    """The constant predictor's score, where the study knows it in its metric."""
    score = findings.record.constant
    if score is None:
        return []
    reached = findings.measure.value(score)
    return [("Baseline", f"the constant predictor reaches {reached} on the test split")]


def _search(findings: Findings) -> list[tuple[str, str]]:
    """How cells are searched, by arm where arms are searched differently."""
    said: dict[str, list[str]] = {}
    for cell in findings.record.cells:
        search = cell.search
        parts = ["no search; every setting is fixed"]
        if search is not None:
            parts = [f"per cell: {searches.how(search)}, on validation data"]
            parts += [searches.front(search), searches.chosen(search), searches.repeats(search)]
        said.setdefault("; ".join(part for part in parts if part), []).append(cell.arm)
    if len(said) == 1:
        return [("Search", next(iter(said)))]
    return [
        (f"Search of {numbered(list(dict.fromkeys(arms)))}", words) for words, arms in said.items()
    ]


def _confirm(findings: Findings) -> str:
    seeds = findings.record.study["confirm_seeds"]
    return f"{count(seeds, 'seed')} that no search used, on a test split that no search saw"
