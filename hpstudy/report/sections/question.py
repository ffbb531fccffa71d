"""What was asked, of which data, and how far the study has come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
        ("Search", _search(findings)),
        ("Confirm", _confirm(findings)),
    ]


def _sweep(findings: Findings) -> str:
    record = findings.record
    lines = []
    for axis, name in record.axis_names().items():
        values = dict.fromkeys(
            number(cell.point[axis]) for cell in record.cells if axis in cell.point
        )
        lines.append(f"{name}: {', '.join(values)}")
    return "; ".join(lines) or "none"


def _score(findings: Findings) -> str:
    at = findings.record.study["score"]["at"]
    epoch = {"last": "the last epoch", "best_validation": "the best validation epoch"}
    when = epoch.get(at, f"epoch {at}")
    better = "" if findings.record.maximise else ", lower is better"
    return f"{findings.measure.name} at {when}{better}, by one rule in every phase"


def _baseline(findings: Findings) -> list[tuple[str, str]]:
    """The constant predictor's score, where the study knows it in the metric's own unit."""
    score, measure = findings.record.study.get("constant_score"), findings.measure
    if score is None or measure.metric not in ("accuracy", "r2"):
        return []
    return [
        ("Baseline", f"the constant predictor reaches {measure.value(score)} on the test split")
    ]


def _search(findings: Findings) -> str:
    said: dict[str, list[str]] = {}
    for cell in findings.record.cells:
        search = cell.search
        if search is None:
            words = "none"
        else:
            kind = "oracle" if search["driver"] == "keras_tuner" else "sampler"
            how = f"{search['sampler']} {kind}, {search['pruner']} pruner"
            words = (
                f"{count(search['trials'], 'trial')} ({how}{_budget(search)}), on validation "
                f"data; the best {search['choose_top']} trained again on "
                f"{count(search['choose_seeds'], 'fresh seed')}"
            )
            if search.get("choose_pruner", "none") != "none":
                words += f", stopped early by {search['choose_pruner']}"
        said.setdefault(words, []).append(cell.arm)
    if len(said) == 1:
        return f"per cell: {next(iter(said))}"
    lines = (f"{numbered(list(dict.fromkeys(arms)))}: {words}" for words, arms in said.items())
    return "; ".join(lines)


def _budget(search: Mapping[str, Any]) -> str:
    """What limits a search besides its trials; minutes are another number of trials elsewhere."""
    epochs, minutes = search.get("budget_epochs"), search.get("budget_minutes")
    if minutes is not None:
        return f"; {minutes:g} minutes of training, which a new run would not repeat"
    return f"; {thousands(epochs)} epochs in all" if epochs is not None else ""


def _confirm(findings: Findings) -> str:
    seeds = findings.record.study["confirm_seeds"]
    return f"{seeds} seeds that no search used, on a test split that no search saw"
