"""Learning curves of the confirmed configurations: mean over seeds, with their full spread."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.statistics import Floats
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import limits, place
from hpstudy.report.figures.palette import Look
from hpstudy.report.figures.svg import draw

Curves = Mapping[str, Mapping[str, Floats]]

MARKED = 5  # epochs of each curve, about


def learning(
    name: str,
    cells: Sequence[CellRecord],
    curves: Curves,
    looks: Mapping[str, Look],
    measure: Measure,
    window: tuple[float, float],
    alt: str,
    width: int,
    height: int,
) -> Markup:
    """One sweep point: validation solid with its range over seeds, training dashed.

    Arms' marks stand at other epochs for each arm, so that they do not hide each other.
    """

    def plot(figure: Figure) -> None:
        axes = place(figure)
        for turn, cell in enumerate(cells):
            own, colour = curves.get(cell.name, {}), looks[cell.arm].colour
            for split, style in (("validation", "-"), ("train", (0, (3, 2)))):
                if split not in own:
                    continue
                values = own[split] * measure.factor
                epochs = np.arange(1, values.shape[1] + 1)
                mean = np.nanmean(values, axis=0)
                axes.plot(epochs, mean, linestyle=style, color=colour, linewidth=1.4)
                if split == "validation":
                    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
                    axes.fill_between(epochs, low, high, color=colour, alpha=0.2, linewidth=0)
                    step = max(1, len(epochs) // MARKED)
                    marked = slice(turn * step // len(cells), None, step)
                    axes.plot(
                        epochs[marked],
                        mean[marked],
                        looks[cell.arm].marker,
                        color=colour,
                        markersize=4.5,
                    )
        axes.set_xlabel("epoch")
        axes.set_ylabel(f"{measure.name} (%)" if measure.percent else measure.name)
        axes.set_ylim(window)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(6))

    return draw(name, plot, alt, width, height)


def stacked(runs: Iterable[Mapping[str, Floats]], metric: str) -> dict[str, Floats]:
    """Curves of several seeds as [seed, epoch] arrays; shorter runs are filled up with NaN.

    Epochs that no run reached with a finite value are left out.
    """
    kept = list(runs)
    found = {}
    for split, key in (("validation", metric), ("train", f"train_{metric}")):
        rows = [np.asarray(run[key], dtype=np.float64) for run in kept if key in run]
        longest = max((len(row) for row in rows), default=0)
        if not longest:
            continue
        values = np.full((len(rows), longest), np.nan)
        for index, row in enumerate(rows):
            values[index, : len(row)] = np.where(np.isfinite(row), row, np.nan)
        reached = np.isfinite(values).any(axis=0)
        if reached.all() or reached[: reached.argmin()].any():
            found[split] = values if reached.all() else values[:, : reached.argmin()]
    return found


def window(curves: Curves, measure: Measure) -> tuple[float, float]:
    """Limits that all panels share: the first tenth of epochs may fall outside."""
    values: list[float] = []
    for own in curves.values():
        for rows in own.values():
            late = rows[:, rows.shape[1] // 10 :] * measure.factor
            values += [float(value) for value in late[np.isfinite(late)]]
    low, high = limits(values, 0.04)
    return low, min(high, 100.8) if measure.percent else high
