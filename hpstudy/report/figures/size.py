"""Test score against the number of trained parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.statistics import t_interval
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import limits, log_axis, place
from hpstudy.report.figures.palette import INK, Look
from hpstudy.report.figures.svg import draw


def trained_parameters(
    name: str,
    cells: Sequence[CellRecord],
    labels: Mapping[str, str],
    looks: Mapping[str, Look],
    measure: Measure,
    alt: str,
) -> Markup:
    """Each confirmed cell's mean and 95% t interval; the cells of an arm are joined by a line."""
    scores = {cell.name: test_scores(cell, measure.metric) for cell in cells}

    def plot(figure: Figure) -> None:
        axes = place(figure)
        drawn: list[float] = []
        for arm in dict.fromkeys(cell.arm for cell in cells):
            own = sorted(
                (cell for cell in cells if cell.arm == arm), key=lambda c: c.counts["trained"]
            )
            look = looks[arm]
            places = [max(cell.counts["trained"], 1) for cell in own]
            intervals = [t_interval(scores[cell.name] * measure.factor) for cell in own]
            means = [interval.mean for interval in intervals]
            axes.plot(places, means, color=look.colour, linewidth=0.9, alpha=0.6)
            for x, interval, cell in zip(places, intervals, own, strict=True):
                reach = interval.half_width or 0.0
                drawn += [interval.mean - reach, interval.mean + reach]
                axes.plot(
                    [x, x],
                    drawn[-2:],
                    color=look.colour,
                    linewidth=1.4,
                    solid_capstyle="butt",
                )
                axes.plot(x, interval.mean, look.marker, color=look.colour, markersize=6.5)
                axes.annotate(
                    labels[cell.name],
                    (x, interval.mean),
                    xytext=(7, 4),
                    textcoords="offset points",
                    color=INK,
                    fontsize=8.5,
                )
        trained = [max(cell.counts["trained"], 1) for cell in cells]
        log_axis(axes, min(trained), max(trained))
        axes.set_xlabel("trained parameters (log scale)")
        axes.set_ylabel(measure.axis("test"))
        axes.set_ylim(limits(drawn, 0.1))
        axes.grid(True, axis="x")

    return draw(name, plot, alt, 400, 275)


def test_scores(cell: CellRecord, metric: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The confirmed test scores of a cell, one for each seed."""
    values = [run["metrics"].get(f"test_{metric}") for run in cell.confirmed]
    known = [float(value) for value in values if value is not None and math.isfinite(value)]
    return np.asarray(known, dtype=np.float64)
