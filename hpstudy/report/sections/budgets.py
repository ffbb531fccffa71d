"""What each arm scores for at most so much of a cost, as a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hpstudy.analysis.pareto import Front, Point
from hpstudy.analysis.words import Measure, mean, thousands
from hpstudy.report.findings import Findings
from hpstudy.report.page import Table
from hpstudy.spec.objectives import COSTS


def budgets(findings: Findings, cost: str) -> Table:
    """Rows of budgets at 1 and 3 of each decade, one column for each arm, by sweep point."""
    fronts = [front for front in findings.fronts if cost in front.costs]
    arms = list(dict.fromkeys(front.cell.arm for front in fronts))
    groups = []
    for values, cells in findings.points():
        names = [cell.name for cell in cells]
        here = [front for front in fronts if front.cell.name in names and front.points]
        rows = [_row(findings, here, arms, cost, most) for most in _steps(here, cost)]
        groups.append((findings.where(values), rows))
    caption = (
        f"The test {findings.measure.name} that at most so many {COSTS[cost]} buy: mean \u00b1 "
        "standard deviation over confirm seeds of the front's best within them, chosen by its "
        f"{chosen_by(fronts)}; in brackets what it takes. A score of the search stands in, and "
        "says so, where the front was not trained again."
    )
    header = [f"at most, {COSTS[cost]}", *arms]
    return Table(caption, header, [one for one in groups if one[1]], range(len(header)))


def chosen_by(fronts: Sequence[Front]) -> str:
    """What the best of a front is known by, in words: 'mean validation score over fresh seeds'.

    Its search score where the choose phase trained none of the fronts again, because each had one
    candidate or `search.choose` asked for none.
    """
    again = [any(point.choose_runs for point in front.points) for front in fronts]
    if not any(again):
        return "validation score in the search"
    others = "" if all(again) else " (in the search where there are none)"
    return f"mean validation score over fresh seeds{others}"


def _row(
    findings: Findings, fronts: Sequence[Front], arms: Sequence[str], cost: str, most: int
) -> list[str]:
    measure = findings.measure
    found = {front.cell.arm: front.within(cost, most, measure.maximise) for front in fronts}
    return [thousands(most), *(_bought(measure, found.get(arm), cost) for arm in arms)]


def _bought(measure: Measure, point: Point | None, cost: str) -> str:
    if point is None:
        return ""
    takes = thousands(point.costs[cost])
    if not point.tests:
        return f"{measure.value(point.score)} in the search ({takes})"
    return f"{mean(measure, point.tests)} ({takes})"


def _steps(fronts: Sequence[Front], cost: str) -> list[int]:
    """1 and 3 of every decade, from the first that buys anything to the first that buys all."""
    spent = [point.costs[cost] for front in fronts for point in front.members]
    if not spent:
        return []
    decades = range(math.ceil(math.log10(max(*spent, 1))) + 1)
    steps = [step * 10**decade for decade in decades for step in (1, 3)]
    last = next(place for place, step in enumerate(steps) if step >= max(spent))
    return [step for step in steps[: last + 1] if step >= min(spent)]
