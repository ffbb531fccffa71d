"""How the searches and the trainings went: learning rates, learning curves, parameter counts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from hpstudy.analysis.rates import Rates, rates
from hpstudy.analysis.statistics import t_interval
from hpstudy.analysis.words import number, spoken, thousands
from hpstudy.report.figures import curves as curve_figure
from hpstudy.report.figures import search as search_figure
from hpstudy.report.figures import size as size_figure
from hpstudy.report.findings import Findings
from hpstudy.report.page import Group, Key, Panel, Section, arm_keys, figures


def learning_rate(findings: Findings) -> Section:
    """Validation score against learning rate for every search trial."""
    title = "Score against learning rate"
    found = rates(findings.record)
    names = list(dict.fromkeys(one.name for one in found))
    panels: list[Panel] = []
    for values, cells in findings.points():
        here = [cell.name for cell in cells]
        for name in names:
            shown = [one for one in found if one.name == name and one.cell.name in here]
            if not shown:
                continue
            parts = (findings.where(values), name if len(names) > 1 else "")
            drawn = partial(
                search_figure.learning_rates,
                f"rates-{len(panels)}",
                shown,
                findings.looks,
                findings.measure,
                _chosen(shown),
            )
            panels.append(Panel(", ".join(part for part in parts if part), drawn))
    ends = {run["status"] for one in found for _, run in one.trials}
    keys = [*arm_keys(findings.looks), Key("chosen", stroke="M6 1a5 5 0 1 0 .01 0z")]
    if "pruned" in ends:
        hollow = "hollow: pruned, at the epoch where it was"
        keys.append(Key(hollow, "--muted", stroke="M6 2a4 4 0 1 0 .01 0z"))
    lost = " or ".join(end for end in ("diverged", "failed") if end in ends)
    if lost:
        keys.append(Key(lost, "--muted", stroke="M2.5 2.5l7 7M9.5 2.5l-7 7"))
    caption = (
        "Every search trial at its learning rate. The bars below each panel are the ranges that "
        "were searched. Scores far below the rest are drawn at the foot of the panel. Search "
        "scores favour the winner; no claim rests on them."
    )
    if len(names) > 1:
        caption += " Rates of different parameters or optimizers have axes of their own."
    if not panels:
        return _empty("search", title, "No trial has a learning rate yet.")
    return Section("search", title, figures("", keys, [Group("", panels)], caption))


def _chosen(shown: Sequence[Rates]) -> str:
    """What a screen reader says of a panel."""
    picks = [
        f"{one.cell.arm} {number(rate)}"
        for one in shown
        for rate, run in one.trials
        if run["trial"] == one.cell.pick
    ]
    told = ", ".join(picks) or "none of them" if shown[0].cell.pick is not None else "none yet"
    return f"Validation score against {shown[0].name}. Chosen: {told}."


def learning_curves(findings: Findings) -> Section:
    """Validation and training curves of the confirmed configurations."""
    record, store = findings.record, findings.store
    curves = {
        cell.name: curve_figure.stacked(
            (
                store.curves(run["run"])
                for run in cell.confirm
                if run["status"] in ("finished", "diverged")
            ),
            record.metric,
        )
        for cell in record.cells
    }
    limits = curve_figure.window(curves, findings.measure)
    panels = []
    for place, (values, cells) in enumerate(findings.points()):
        if not any(curves[cell.name] for cell in cells):
            continue
        alt = f"Learning curves of {', '.join(cell.arm for cell in cells)}."
        drawn = partial(
            curve_figure.learning,
            f"curves-{place}",
            cells,
            curves,
            findings.looks,
            findings.measure,
            limits,
            alt,
        )
        panels.append(Panel(findings.where(values), drawn))
    if not panels:
        return _empty("curves", "Learning curves", "No configuration has been confirmed yet.")
    keys = [
        *(Key(arm, look.variable, look.path, "M0 6h12") for arm, look in findings.looks.items()),
        Key("validation", "--muted", stroke="M0 6h12"),
        Key("training", "--muted", stroke="M0 6h4M7 6h4"),
    ]
    caption = (
        "The configuration picked for each arm, on its confirm seeds: mean and, as a band, full "
        "range. Training values are running means of each epoch in training mode. The first epochs "
        "may lie outside the panel."
    )
    return Section("curves", "Learning curves", figures("", keys, [Group("", panels)], caption))


def trained_parameters(findings: Findings) -> Section:
    """Test score against the number of trained parameters."""
    score = findings.measure.name
    title = f"{score[0].upper()}{score[1:]} against trained parameters"
    cells = [
        cell
        for cell in findings.record.cells
        if cell.counts and cell.test_scores(findings.record.metric)
    ]
    if not cells:
        return _empty("parameters", title, "No configuration has been confirmed yet.")
    names = findings.record.axis_names()
    labels = {
        cell.name: ", ".join(number(cell.point[axis]) for axis in names if axis in cell.point)
        for cell in cells
    }
    told = (f"{findings.label(cell)}: {thousands(cell.counts['trained'])}" for cell in cells)
    alt = f"Test score against trained parameters. {'; '.join(told)}."
    drawn = partial(
        size_figure.trained_parameters,
        "size",
        cells,
        labels,
        findings.looks,
        findings.measure,
        alt,
    )
    swept = ", ".join(spoken(name) for name in names.values())
    caption = "Mean over confirm seeds with its 95% t interval."
    scores = [cell.test_scores(findings.record.metric) for cell in cells]
    if any(len(own) > 1 and t_interval(np.array(own)).low is None for own in scores):
        caption += " Equal scores give no interval."
    counts = [cell.counts["trained"] for cell in cells]
    if len(set(counts)) < len(counts):
        caption += " Marks of one count stand side by side."
    if not all(counts):
        caption += " An arm that trains nothing stands at 1."
    if swept:
        caption += f" Numbers beside the marks: {swept}; left out where there is no room."
    body = figures("", arm_keys(findings.looks), [Group("", [Panel("", drawn)])], caption)
    return Section("parameters", title, body)


def _empty(name: str, title: str, words: str) -> Section:
    return Section(name, title, figures(words, [], [], ""))
