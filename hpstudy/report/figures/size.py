"""Test score against the number of trained parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.statistics import Floats, t_interval
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import RIGHT, limits, log_axis, place
from hpstudy.report.figures.labels import Box, beside
from hpstudy.report.figures.palette import INK, Look
from hpstudy.report.figures.svg import draw

SIZE = 9  # of the labels' letters
ASIDE = 9  # between marks of one count, in pixels


def trained_parameters(
    name: str,
    cells: Sequence[CellRecord],
    labels: Mapping[str, str],
    looks: Mapping[str, Look],
    measure: Measure,
    alt: str,
    width: int,
    height: int,
) -> Markup:
    """Each confirmed cell's mean and 95% t interval; the cells of an arm are joined by a line."""
    scores = {cell.name: np.asarray(cell.test_scores(measure.metric)) for cell in cells}

    def plot(figure: Figure) -> None:
        axes = place(figure)
        order = sorted(cells, key=lambda cell: cell.counts["trained"])
        known = [Mark.of(cell, scores[cell.name] * measure.factor) for cell in order]
        log_axis(axes, known[0].x, known[-1].x)
        marks = apart(known, axes.get_xlim(), width)
        for arm in dict.fromkeys(cell.arm for cell in cells):
            own, colour = [mark for mark in marks if mark.arm == arm], looks[arm].colour
            places, means = [mark.x for mark in own], [mark.mean for mark in own]
            axes.plot(places, means, color=colour, linewidth=0.9, alpha=0.6)
            for mark in own:
                axes.plot([mark.x] * 2, [mark.low, mark.high], color=colour, linewidth=1.4)
            axes.plot(places, means, looks[arm].marker, color=colour, markersize=6.5, linewidth=0)
        axes.set_xlabel("trained parameters (log scale)")
        axes.set_ylabel(measure.axis("test"))
        low, high = limits([end for mark in marks for end in (mark.low, mark.high)], 0.1)
        # no share is beyond its ends, whatever an interval says
        axes.set_ylim((max(low, -2.0), min(high, 102.0)) if measure.percent else (low, high))
        axes.grid(True, axis="x")
        _label(axes, marks, [labels[mark.cell] for mark in marks])

    return draw(name, plot, alt, width, height)


@dataclass(frozen=True)
class Mark:
    """A cell in the figure: its mean and the ends of its interval at its trained parameters."""

    cell: str
    arm: str
    x: float
    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, cell: CellRecord, scores: Floats) -> Mark:
        interval = t_interval(scores)
        reach = interval.half_width or 0.0
        mean, x = interval.mean, max(cell.counts["trained"], 1)
        return cls(cell.name, cell.arm, x, mean, mean - reach, mean + reach)


def apart(marks: Sequence[Mark], ends: tuple[float, float], width: int) -> list[Mark]:
    """The marks with those of one count side by side, on a log axis between `ends`.

    `width` is the figure's, in pixels.
    """
    step = (ends[1] / ends[0]) ** (ASIDE / width)
    found = []
    for mark in marks:
        beside = [one for one in marks if one.x == mark.x]
        turn = beside.index(mark) - (len(beside) - 1) / 2
        found.append(replace(mark, x=mark.x * step**turn))
    return found


def _label(axes: Axes, marks: Sequence[Mark], words: Sequence[str]) -> None:
    """Each mark's word where there is room for it."""
    figure = axes.figure
    scale = 72 / figure.dpi

    def pixels(x: float, y: float) -> tuple[float, float]:
        across, up = axes.transData.transform((x, y))
        return float(across) * scale, float(up) * scale

    left, low = pixels(axes.get_xlim()[0], axes.get_ylim()[0])
    right, high = pixels(axes.get_xlim()[1], axes.get_ylim()[1])
    places = [pixels(mark.x, mark.mean) for mark in marks]
    bars = [
        Box(x - 1, pixels(mark.x, mark.low)[1], x + 1, pixels(mark.x, mark.high)[1])
        for mark, (x, _) in zip(marks, places, strict=True)
    ]
    frame = Box(left, low, right + RIGHT, high)
    offsets = beside(places, words, frame, SIZE, bars)
    for mark, word, offset in zip(marks, words, offsets, strict=True):
        if offset is not None:
            axes.annotate(
                word,
                (mark.x, mark.mean),
                xytext=offset,
                textcoords="offset points",
                va="center",
                color=INK,
                fontsize=SIZE,
            )
