"""What the score costs: every arm's front of configurations that nothing of it beats."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from hpstudy.analysis.pareto import Front, Point
from hpstudy.analysis.words import lost, mean, number, setting, thousands
from hpstudy.report.figures import pareto as figure
from hpstudy.report.findings import Findings
from hpstudy.report.page import Group, Panel, Section, Table, figures, render
from hpstudy.report.sections.budgets import budgets, chosen_by
from hpstudy.report.sections.fronts import caption, legend
from hpstudy.spec.objectives import COSTS

MOST = 8  # rows of one front; pareto.csv has all


def pareto(findings: Findings) -> Section | None:
    """The fronts of searches with several objectives; None where every search has one."""
    if not findings.fronts:
        return None
    named = tuple(dict.fromkeys(cost for front in findings.fronts for cost in front.costs))
    title = f"What {findings.measure.name} costs"
    if not any(front.points for front in findings.fronts):
        return Section("pareto", title, figures("No trial has finished yet.", [], [], ""))
    panels = [panel for cost in named for panel in _panels(findings, cost, several=len(named) > 1)]
    groups = [(findings.label(one.cell), _rows(findings, one, named)) for one in findings.fronts]
    table = Table(
        _words(findings),
        _header(findings, named),
        [(name, rows) for name, rows in groups if rows],
        range(1, len(_header(findings, named)) - 1),
    )
    body = render(
        "pareto.html.j2",
        picture=figures("", legend(findings), [Group("", panels)], caption(findings)),
        budgets=[budgets(findings, cost) for cost in named],
        fronts=table,
    )
    return Section("pareto", title, body)


def _panels(findings: Findings, cost: str, several: bool) -> list[Panel]:
    """One panel for each sweep point."""
    found = []
    for place, (values, cells) in enumerate(findings.points()):
        names = [cell.name for cell in cells]
        fronts = [
            one
            for one in findings.fronts
            if one.cell.name in names and cost in one.costs and one.points
        ]
        if not fronts:
            continue
        drawn = partial(
            figure.bought,
            f"pareto-{cost}-{place}",
            fronts,
            cost,
            COSTS[cost],
            findings.looks,
            findings.measure,
            _alt(findings, fronts, cost),
        )
        parts = (findings.where(values), COSTS[cost] if several else "")
        found.append(Panel(", ".join(part for part in parts if part), drawn))
    return found


def _alt(findings: Findings, fronts: Sequence[Front], cost: str) -> str:
    told = (
        f"{front.cell.arm}: "
        + ", ".join(
            f"{findings.measure.value(point.score)} at {thousands(point.costs[cost])}"
            for point in front.members
        )
        for front in fronts
    )
    return f"{findings.measure.label('validation')} against {COSTS[cost]}. {'; '.join(told)}."


def _header(findings: Findings, named: Sequence[str]) -> list[str]:
    measure = findings.measure
    scores = [f"search {measure.name}", "fresh seeds", measure.label("test"), "seeds"]
    return [
        "trial",
        *(COSTS[cost] for cost in named),
        *scores,
        *_varied(findings),
        "front of all arms",
    ]


def _varied(findings: Findings) -> list[str]:
    return [setting(key) for key in findings.keys]


def _rows(findings: Findings, front: Front, named: Sequence[str]) -> list[list[Any]]:
    return [_row(findings, point, named) for point in _kept(front)]


def _kept(front: Front) -> Sequence[Point]:
    """A front's members, or so many of them from end to end as a reader looks through."""
    every = front.members
    if len(every) <= MOST:
        return every
    kept = {round(place * (len(every) - 1) / (MOST - 1)) for place in range(MOST)}
    return [point for place, point in enumerate(every) if place in kept or point.picked]


def _row(findings: Findings, point: Point, named: Sequence[str]) -> list[Any]:
    measure, config = findings.measure, point.run["config"]
    return [
        f"\u2713 {point.trial}" if point.picked else str(point.trial),
        *(thousands(point.costs.get(cost)) for cost in named),
        measure.value(point.score),
        mean(measure, point.choose) + lost(point.diverged, point.failed),
        mean(measure, point.tests),
        str(len(point.tests)) if point.tests else "",
        *(number(config[key]) if key in config else "" for key in findings.keys),
        "yes" if point.of_all else "no",
    ]


def _words(findings: Findings) -> str:
    """The table's caption: what each column is, and what was left out."""
    fronts = findings.fronts
    said = f"The fronts, cheapest first; \u2713 marks the pick, whose {chosen_by(fronts)} is best. "
    if any(point.choose_runs for front in fronts for point in front.points):
        said += (
            "Fresh seeds: mean \u00b1 standard deviation of the choose phase, on validation; "
            "who lost a run there stands behind who lost none. "
        )
    said += (
        "Test: mean \u00b1 standard deviation over confirm seeds, diverged runs counted as the "
        "constant predictor. Front of all arms: no arm of the sweep point beats it in the search. "
    )
    if any(len(front.members) > len(front.cell.to_confirm) for front in fronts):
        said += "Only the best scores of a front, search.choose.top of them, are trained again. "
    if any(len(front.members) > MOST for front in findings.fronts):
        said += f"Of a front of more than {MOST}, members from end to end are shown. "
    return f"{said}pareto.csv holds all."
