"""Score against cost: what each arm's search found, and the steps that nothing of it beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hpstudy.analysis.pareto import Front, Point
from hpstudy.analysis.statistics import ENOUGH_SEEDS, t_interval
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import limits, log_axis, place
from hpstudy.report.figures.palette import PAPER, Look
from hpstudy.report.figures.svg import draw
from hpstudy.search.front import front as nondominated


def bought(
    name: str,
    fronts: Sequence[Front],
    cost: str,
    words: str,
    looks: Mapping[str, Look],
    measure: Measure,
    alt: str,
    width: int,
    height: int,
) -> Markup:
    """All arms of one sweep point against one cost, which `words` name on its log axis.

    A front is drawn as steps, since what is bought stays bought at any higher cost; one that is a
    single configuration offers no choice, and has none.
    """
    shown = [front for front in fronts if front.points]
    every = [point for front in shown for point in front.points]
    low, high = _window(shown, measure)

    def plot(figure: Figure) -> None:
        axes = place(figure)
        places = [_place(point, cost) for point in every]
        log_axis(axes, min(places), max(places))
        axes.set_ylim(low, high)
        for one in shown:
            _front(axes, one, cost, looks[one.cell.arm], measure)
        axes.set_xlabel(f"{words} (log scale)")
        axes.set_ylabel(f"{measure.name} (%)" if measure.percent else measure.name)
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.grid(True, axis="x")

    return draw(name, plot, alt, width, height)


def _front(axes: Axes, front: Front, cost: str, look: Look, measure: Measure) -> None:
    low, high = axes.get_ylim()
    beaten = [point for point in front.points if not point.on_front]
    axes.plot(
        [_place(point, cost) for point in beaten],
        [min(max(point.score * measure.factor, low), high) for point in beaten],
        look.marker,
        color=look.colour,
        alpha=0.35,
        markersize=3.2,
        markeredgewidth=0,
        clip_on=False,
    )
    stairs = _stairs(front.members, cost, measure)
    if len(stairs) > 1:
        # to the end of the axis: a larger budget buys at least this
        reach = [*(x for x, _ in stairs), axes.get_xlim()[1]]
        levels = [*(y for _, y in stairs), stairs[-1][1]]
        axes.step(reach, levels, where="post", color=look.colour, linewidth=1.1)
    for point in front.members:
        x, y = _place(point, cost), point.score * measure.factor
        axes.plot(x, y, look.marker, color=look.colour, markersize=5)
        if point.tests:
            _confirmed(axes, x, point, look, measure)


def few(tests: Sequence[float]) -> bool:
    """Whether test scores are too few for an interval, and are drawn one by one."""
    return 0 < len(tests) < ENOUGH_SEEDS


def _confirmed(axes: Axes, x: float, point: Point, look: Look, measure: Measure) -> None:
    tests = np.asarray(point.tests) * measure.factor
    if few(point.tests):
        axes.plot([x] * len(tests), tests, "_", color=look.colour, markersize=6)
    else:
        low, high = _ends(point.tests)
        ends = [low * measure.factor, high * measure.factor]
        axes.plot([x, x], ends, color=look.colour, linewidth=1.0, alpha=0.8)
    axes.plot(
        x,
        float(np.mean(tests)),
        look.marker,
        color=look.colour,
        markerfacecolor=PAPER,
        markeredgewidth=1.3,
        markersize=6.5,
        zorder=3,
    )


def _ends(tests: Sequence[float]) -> tuple[float, float]:
    """The ends of what is drawn of test scores: themselves, or their interval."""
    if few(tests):
        return min(tests), max(tests)
    interval = t_interval(np.asarray(tests))
    reach = interval.half_width or 0.0
    return interval.mean - reach, interval.mean + reach


def _stairs(points: Sequence[Point], cost: str, measure: Measure) -> list[tuple[float, float]]:
    """The corners of the steps: of a front of several costs, what this one alone leaves of it."""
    sign = -1 if measure.maximise else 1
    corners = [(_place(point, cost), point.score * measure.factor) for point in points]
    kept = nondominated([(x, sign * y) for x, y in corners])
    return sorted(corners[place] for place in kept)


def _window(fronts: Sequence[Front], measure: Measure) -> tuple[float, float]:
    """Limits that hold every front and its test scores, whatever beaten trials scored."""
    values = [
        score * measure.factor
        for front in fronts
        for point in front.members
        for score in (point.score, *(_ends(point.tests) if point.tests else ()))
    ]
    low, high = limits(values, 0.08)
    return (max(low, -1.0), min(high, 101.0)) if measure.percent else (low, high)


def _place(point: Point, cost: str) -> float:
    # a log axis has no place for an arm that trains nothing
    return float(max(point.costs[cost], 1))
