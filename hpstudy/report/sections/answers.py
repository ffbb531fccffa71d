"""Every contrast's answer at a glance: its differences, a column for each value of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.digits import of_difference
from hpstudy.analysis.statistics import ENOUGH_SEEDS, LEVEL
from hpstudy.analysis.verdict import Verdict
from hpstudy.analysis.words import number
from hpstudy.report.findings import DASH, Findings

Group = tuple[tuple[str, str], Sequence[tuple[Contrast, Verdict]]]


@dataclass(frozen=True)
class Answer:
    """One mean difference, with the half-width of its interval where several seeds give one.

    `alike` is where they gave the same difference, and so no interval; `near_zero` where the
    interval covers zero; `untested` where they are too few to show it.
    """

    difference: str
    reach: str
    alike: bool
    near_zero: bool
    shown: bool
    untested: bool
    doubted: bool


@dataclass(frozen=True)
class Answers:
    """The contrasts that are swept over the same axes: one heads columns, the others lead rows.

    A row is a contrast, its values of the other axes, and an answer for each column.
    """

    axis: str
    columns: Sequence[str]
    others: Sequence[str]
    rows: Sequence[tuple[str, Sequence[str], Sequence[Answer | None]]]

    @property
    def title(self) -> str:
        """What a table is called aloud."""
        return f"Differences by {self.axis}" if self.axis else "Differences"

    @property
    def every(self) -> list[Answer]:
        """The answers that there are."""
        return [one for _, _, cells in self.rows for one in cells if one is not None]


def answers(findings: Findings) -> list[Answers]:
    """The answers of every contrast, a table for each set of axes that contrasts are swept over."""
    kinds: dict[tuple[str, ...], list[Group]] = {}
    for group in findings.groups:
        axes = tuple(findings.axes(one.point for one, _ in group[1]))
        kinds.setdefault(axes, []).append(group)
    return [_answers(findings, groups) for groups in kinds.values()]


def _answers(findings: Findings, groups: Sequence[Group]) -> Answers:
    points = [one.point for _, found in groups for one, _ in found]
    names = findings.axes(points)
    values = {axis: dict.fromkeys(point.get(axis) for point in points) for axis in names}
    # the longest sweep goes across
    across = max(values, key=lambda axis: len(values[axis]), default="")
    others = [axis for axis in names if axis != across]
    # an axis may exist at some points alone, and two of its values may be written alike
    rows: dict[tuple[str, tuple[Any, ...]], dict[Any, Answer | None]] = {}
    for (a, b), found in groups:
        for one, said in found:
            led = tuple(one.point.get(axis) for axis in others)
            cells = rows.setdefault((f"{a} against {b}", led), {})
            cells[one.point.get(across)] = _answer(findings, one, said)
    columns = list(values.get(across, {None: None}))
    return Answers(
        names.get(across, ""),
        [_words(value) if across else "" for value in columns],
        [names[axis] for axis in others],
        [
            (pair, [_words(value) for value in led], [cells.get(at) for at in columns])
            for (pair, led), cells in rows.items()
        ],
    )


def _words(value: Any) -> str:
    return DASH if value is None else number(value)


def _answer(findings: Findings, one: Contrast, said: Verdict) -> Answer | None:
    if one.interval is None:
        return None
    decimals, bare = of_difference(one), findings.measure.bare_difference
    half = one.interval.half_width
    return Answer(
        bare(one.interval.mean, decimals),
        "" if half is None else f"+/-{bare(half, decimals, '-')}",
        alike=one.alike,
        near_zero=half is not None and one.interval.covers_zero,
        shown=one.shown,
        untested=one.untested,
        doubted=bool(said.doubts),
    )


def reading(findings: Findings, tables: Sequence[Answers]) -> str:
    """How the answers are to be read."""
    measure, every = findings.measure, [one for table in tables for one in table.every]
    unit = " in points" if measure.percent else ""
    better = "" if measure.maximise else ", lower is better"
    words = [f"First arm minus second, test {measure.name}{unit}{better}"]
    words += ["\u00b1 half the 95% interval"] * any(one.reach for one in every)
    same = "without \u00b1: no interval, as every seed gave the same difference"
    words += [same] * any(one.alike for one in every)
    few = f"not bold: too few seeds to show a difference (at least {ENOUGH_SEEDS} are needed)"
    words += [few] * any(one.untested for one in every)
    grey = [one for one in every if not one.shown and not one.untested]
    words += [f"grey: no difference shown{_why(grey)}"] * bool(grey)
    words += ["\u2020 in doubt, for reasons that stand below"] * any(one.doubted for one in every)
    return f"{'; '.join(words)}."


def _why(grey: Sequence[Answer]) -> str:
    """What keeps answers with an interval from showing a difference; '' where some have none."""
    if not all(one.reach for one in grey):
        return ""
    why = ["the interval covers zero"] * any(one.near_zero for one in grey)
    why += [f"the sign-flip p is {LEVEL:g} or more"] * any(not one.near_zero for one in grey)
    return f", as {' or '.join(why)}"
