"""Paired difference against the amount of random weights, and where it crosses zero."""

from __future__ import annotations

from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from hpstudy.analysis.kstar import KStar, noun
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import compact, limits, log_axis, place
from hpstudy.report.figures.palette import INK, MUTED, Look
from hpstudy.report.figures.svg import draw


def amounts(
    name: str, one: KStar, look: Look, measure: Measure, alt: str, width: int, height: int
) -> Markup:
    """Every seed a dot at each amount, the rising mean as a line, k* with its interval below."""
    differences, fitted = one.differences * measure.factor, one.fitted * measure.factor

    def plot(figure: Figure) -> None:
        axes = place(figure)
        first, last = one.amounts[0], one.amounts[-1]
        log_axis(axes, first, last)
        axes.xaxis.set_major_locator(FixedLocator(list(one.amounts)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))
        low, high = limits([0.0, *differences.ravel().tolist()], 0.12)
        axes.set_ylim(low, high)
        axes.axhline(0, color=INK, linewidth=0.8)
        for amount, column in zip(one.amounts, differences.T, strict=True):
            axes.plot([amount] * len(column), column, "o", color=MUTED, markersize=3)
        axes.plot(one.amounts, fitted, color=look.colour, linewidth=1.4)
        axes.plot(one.amounts, fitted, look.marker, color=look.colour, markersize=5)
        foot = low + 0.05 * (high - low)
        if one.low is not None and one.high is not None:
            inside = [min(max(end, first), last) for end in (one.low, one.high)]
            if inside[0] < inside[1]:
                axes.plot(inside, [foot, foot], color=INK, linewidth=1.6)
        if first <= one.value <= last:
            axes.plot([one.value] * 2, [foot, 0], color=INK, linewidth=0.8, linestyle=(0, (3, 2)))
            axes.plot(one.value, foot, "D", color=INK, markersize=5)
        axes.set_xlabel(f"{noun(one)} (log scale)")
        unit = " (points)" if measure.percent else ""
        axes.set_ylabel(f"{one.arm} against {one.other}{unit}")
        axes.yaxis.set_major_locator(MaxNLocator(6))

    return draw(name, plot, alt, width, height)
