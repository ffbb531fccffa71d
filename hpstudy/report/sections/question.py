"""What was asked, of which data, how far the study has come, and how it was gone about."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hpstudy.analysis import searches
from hpstudy.analysis.words import count, number, source, spoken, thousands
from hpstudy.data import DATASETS
from hpstudy.report.findings import Findings, numbered
from hpstudy.report.page import Section, render
from hpstudy.store import Event


def question(findings: Findings) -> Section:
    """The question, what it was asked of, and what is missing."""
    body = render(
        "question.html.j2",
        question=findings.record.study["question"] or "The study file asks no question.",
        asked_of=_asked_of(findings),
        missing=findings.missing,
    )
    return Section("question", "The question", body)


def design(findings: Findings) -> Section:
    """The design in a few lines: arms, data, score, search and confirm."""
    return Section("design", "The design", render("design.html.j2", design=_design(findings)))


def _asked_of(findings: Findings) -> str:
    """The data that were used, whatever the question names, and the variant of the study file."""
    study = findings.record.study
    name, options = study["data"]["name"], study["data"]["options"] or {}
    known = DATASETS.get(name)
    about = known.doc.removeprefix("regression: ") if known and known.shape else ""
    told = ": ".join(part for part in (str(options.get("path", name)), about) if part)
    return f"Asked of {told}.{_changed(study.get('arguments', ()))}"


def _changed(arguments: Sequence[str]) -> str:
    """' Variant quick of the study file, with confirm.seeds=2.'; '' for the file as it stands."""

    def given(option: str) -> list[str]:
        return [value for name, value in pairwise(arguments) if name == option]

    edits = [f"with {numbered(given('--set'))}"] if given("--set") else []
    variant = [f"variant {name} of the study file" for name in given("--variant")]
    told = ", ".join([*(variant or ["the study file"] * bool(edits)), *edits])
    return f" {told[0].upper()}{told[1:]}." if told else ""


def _design(findings: Findings) -> list[tuple[str, str]]:
    record = findings.record
    study = record.study
    train, validation, test = (thousands(count) for count in record.examples)
    data = source(study["data"]["name"], study["data"]["options"])
    return [
        ("Arms", numbered([*record.arms])),
        *_sweep(findings),
        ("Data", f"{data}: {train} training, {validation} validation, {test} test examples"),
        ("Inputs", _inputs(study["data"])),
        ("Score", _score(findings)),
        *_baseline(findings),
        *_search(findings),
        ("Confirm", _confirm(findings)),
    ]


def _inputs(data: Event) -> str:
    """How inputs, and the targets of regression, were scaled."""
    shape, options = data["shape"], data["options"] or {}
    pair = "one pair for all pixels" if len(shape["input_shape"]) > 1 else "a pair for each column"
    by = "by mean and standard deviation of the training part"
    said = "as they are" if options.get("scale") == "none" else f"scaled {by}, {pair}"
    return said + (f"; targets scaled {by}" if shape["task"] == "regression" else "")


def _sweep(findings: Findings) -> list[tuple[str, str]]:
    record = findings.record
    lines = []
    for axis, name in record.axis_names().items():
        values = dict.fromkeys(
            number(cell.point[axis]) for cell in record.cells if axis in cell.point
        )
        lines.append(f"{spoken(name)} {', '.join(values)}")
    return [("Sweep", "; ".join(lines))] if lines else []


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
    always = {"accuracy": "the commonest class", "r2": "the mean"}[findings.record.metric]
    reached = f"the constant predictor reaches {findings.measure.value(score)} on the test split"
    return [("Baseline", f"{reached} (always {always} of the training data)")]


def _search(findings: Findings) -> list[tuple[str, str]]:
    """How cells are searched, by arm where arms are searched differently."""
    said: dict[str, list[str]] = {}
    each = f"for each {findings.cell}"
    for cell in findings.record.cells:
        search = cell.search
        parts = ["no search, every setting is fixed"]
        if search is not None:
            parts = [f"{each}: {searches.how(search)}, on validation data"]
            parts += [searches.front(search), searches.chosen(search), searches.repeats(search)]
        said.setdefault("; ".join(part for part in parts if part), []).append(cell.arm)
    if len(said) == 1:
        return [("Search", next(iter(said)))]
    return [
        ("Search", f"{numbered(list(dict.fromkeys(arms)))}: {words}")
        for words, arms in said.items()
    ]


def _confirm(findings: Findings) -> str:
    seeds = findings.record.study["confirm_seeds"]
    return f"{count(seeds, 'seed')} that no search used, on a test split that no search saw"
