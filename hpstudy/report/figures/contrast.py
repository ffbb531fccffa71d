"""The contrast picture: every seed a dot, pairs joined, the paired difference and its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import LEFT, RIGHT, limits, place
from hpstudy.report.figures.palette import INK, MUTED, PAPER, Look
from hpstudy.report.figures.svg import draw

LETTER = 28  # pixels of a panel for each letter of an arm's name below its marks
SCORES = 0.65  # of a panel's width is the scores', the rest the differences'


def pairs(
    name: str,
    one: Contrast,
    group: Sequence[Contrast],
    looks: Mapping[str, Look],
    alt: str,
    width: int,
    height: int,
) -> Markup:
    """One contrast at one sweep point; its axes are those of its whole group."""
    measure = Measure(one.metric, one.maximise)

    def plot(figure: Figure) -> None:
        between = width - 2 * LEFT - RIGHT - 4
        left = place(figure, bottom=26, width=SCORES * between)
        right = place(figure, bottom=26, left=2 * LEFT + 4 + SCORES * between)
        for pair in zip(one.scores_b, one.scores_a, strict=True):
            ends = [score * measure.factor for score in pair]
            left.plot([0, 1], ends, color=MUTED, linewidth=0.7, alpha=0.55, zorder=1)
        for x, cell, scores in ((0, one.b, one.scores_b), (1, one.a, one.scores_a)):
            diverged = {run["seed_index"] for run in cell.confirm if run["status"] == "diverged"}
            look = looks[cell.arm]
            drawn = list(zip(one.seeds, scores, strict=True))
            for hollow in (False, True):
                values = [v * measure.factor for seed, v in drawn if (seed in diverged) == hollow]
                left.plot(
                    [x] * len(values),
                    values,
                    look.marker,
                    color=look.colour,
                    markerfacecolor=PAPER if hollow else look.colour,
                    markersize=5,
                    markeredgewidth=0.9,
                    zorder=3,
                )
            mean = sum(scores) / len(scores) * measure.factor
            outside = (-0.3, -0.12) if x == 0 else (1.12, 1.3)
            left.plot(outside, [mean, mean], color=INK, linewidth=2, zorder=2)
        left.set_xlim(-0.45, 1.45)
        left.set_xticks([0, 1], [cut(cell.arm, width // LETTER) for cell in (one.b, one.a)])
        left.set_ylabel(measure.axis("test"))
        left.set_ylim(limits(_scores(group, measure)))
        left.yaxis.set_major_locator(MaxNLocator(6))
        differences = [value * measure.factor for value in one.differences]
        right_limits = limits(_differences(group, measure))
        right.axhline(0, color=INK, linewidth=0.8)
        span = right_limits[1] - right_limits[0]
        places = [-0.25 + 0.07 * aside for aside in spread(differences, span / 40)]
        right.plot(places, differences, "o", color=MUTED, markersize=3.5)
        _interval(right, 0.2, one, measure)
        right.set_xlim(-0.6, 0.6)
        right.set_xticks([0], ["difference"])
        right.set_ylabel("points" if measure.percent else measure.name)
        right.set_ylim(right_limits)
        right.yaxis.set_major_locator(MaxNLocator(6))

    return draw(name, plot, alt, width, height)


def by_point(
    name: str,
    group: Sequence[Contrast],
    labels: Sequence[str],
    axis: str,
    alt: str,
    width: int,
    height: int,
) -> Markup:
    """The paired differences of one contrast over all its sweep points."""
    measure = Measure(group[0].metric, group[0].maximise)
    crowded = sum(map(len, labels)) > width / 9.5

    def plot(figure: Figure) -> None:
        axes = place(figure, bottom=80 if crowded else 36)
        axes.axhline(0, color=INK, linewidth=0.8)
        for x, one in enumerate(group):
            values = [value * measure.factor for value in one.differences]
            axes.plot([x - 0.12] * len(values), values, "o", color=MUTED, markersize=3)
            _interval(axes, x + 0.12, one, measure)
        axes.set_xlim(-0.6, len(group) - 0.4)
        axes.set_xticks(range(len(group)), labels)
        if crowded:
            axes.tick_params(axis="x", rotation=60)
        axes.set_xlabel(axis)
        unit = " (points)" if measure.percent else ""
        axes.set_ylabel(f"difference in {measure.label('test')}{unit}")
        axes.set_ylim(limits(_differences(group, measure)))

    return draw(name, plot, alt, width, height)


def cut(name: str, letters: int) -> str:
    """An arm's name as far as there is room for two of them; the legend has it whole."""
    return name if len(name) <= letters else f"{name[: letters - 1]}\u2026"


def spread(values: Sequence[float], close: float) -> list[int]:
    """Sideways steps (0, 1, -1, 2, ...) that keep dots with close values apart."""
    steps = [0] * len(values)
    last, rank = -float("inf"), 0
    for index in sorted(range(len(values)), key=lambda i: values[i]):
        rank = rank + 1 if values[index] - last < close else 0
        last = values[index] if rank == 0 else last
        steps[index] = (rank + 1) // 2 * (1 if rank % 2 else -1)
    return steps


def _interval(axes: Axes, x: float, one: Contrast, measure: Measure) -> None:
    if one.interval is None:
        return
    mean = one.interval.mean * measure.factor
    half = one.interval.half_width
    if half is not None:
        reach = half * measure.factor
        axes.plot([x, x], [mean - reach, mean + reach], color=INK, linewidth=1.6)
    axes.plot(x, mean, "D", color=INK, markersize=5)


def _scores(group: Sequence[Contrast], measure: Measure) -> list[float]:
    return [score * measure.factor for one in group for score in (*one.scores_a, *one.scores_b)]


def _differences(group: Sequence[Contrast], measure: Measure) -> list[float]:
    values = [0.0]
    for one in group:
        values += one.differences
        if one.interval is not None and one.interval.low is not None:
            values += [one.interval.low, one.interval.high or 0.0]
    return [value * measure.factor for value in values]
