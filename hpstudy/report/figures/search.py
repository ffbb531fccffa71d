"""Validation score against learning rate, with the range that was searched and the pick."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hpstudy.analysis.rates import Rates
from hpstudy.analysis.words import Measure
from hpstudy.report.figures.axes import BOTTOM, limits, log_axis, place
from hpstudy.report.figures.palette import INK, PAPER, Look
from hpstudy.report.figures.svg import draw
from hpstudy.store import Event


def learning_rates(
    name: str,
    shown: Sequence[Rates],
    looks: Mapping[str, Look],
    measure: Measure,
    alt: str,
    width: int,
    height: int,
) -> Markup:
    """The search trials at one sweep point whose rates have one name, a row of ranges below."""
    foot, top = _window(shown, measure)

    def plot(figure: Figure) -> None:
        bars = 8 * len(shown) + 4
        axes = place(figure, bottom=BOTTOM + bars + 5)
        strip = place(figure, height=bars)
        for row, one in enumerate(shown):
            _trials(axes, one, looks[one.cell.arm], measure, foot, top)
            if one.ends is not None:
                colour = looks[one.cell.arm].colour
                strip.plot(one.ends, [-row] * 2, "|-", color=colour, linewidth=1.6, markersize=6)
        strip.set_ylim(-len(shown) + 0.4, 0.6)
        strip.set_yticks([])
        strip.grid(False)
        strip.spines["left"].set_visible(False)
        strip.set_xlabel(f"{shown[0].name} (bars: searched range)")
        axes.tick_params(axis="x", length=0, labelbottom=False)
        axes.set_ylabel(measure.axis("validation"))
        axes.set_ylim(limits((foot, top)))
        axes.yaxis.set_major_locator(MaxNLocator(6))
        known = [rate for one in shown for rate, _ in one.trials]
        known += [end for one in shown for end in one.ends or ()]
        for part in (axes, strip):
            # somebody's hypermodel may compile with a rate of 0, or below
            if min(known) > 0:
                log_axis(part, min(known), max(known))
            else:
                part.set_xlim(limits(known))

    return draw(name, plot, alt, width, height)


def _trials(axes: Axes, one: Rates, look: Look, measure: Measure, foot: float, top: float) -> None:
    found: dict[str, list[tuple[float, float]]] = {"finished": [], "pruned": [], "lost": []}
    for rate, run in one.trials:
        score = last_score(run)
        if run["status"] not in found or score is None:
            found["lost"].append((rate, foot))
            continue
        here = min(max(score * measure.factor, min(foot, top)), max(foot, top))
        found[run["status"]].append((rate, here))
        if run["trial"] == one.cell.pick:
            axes.plot(rate, here, "o", color=INK, fillstyle="none", markersize=11, zorder=4)
    for kind, size in (("finished", 5.2), ("pruned", 4.2), ("lost", 5.0)):
        axes.plot(
            [rate for rate, _ in found[kind]],
            [score for _, score in found[kind]],
            "x" if kind == "lost" else look.marker,
            color=look.colour,
            markerfacecolor=PAPER if kind == "pruned" else look.colour,
            markeredgewidth=0.9,
            markersize=size,
            clip_on=False,
        )


def last_score(run: Event) -> float | None:
    """A finished run's score, or a pruned one's at the rung where it was pruned."""
    if run["status"] == "pruned" and run.get("rungs"):
        return float(run["rungs"][max(run["rungs"], key=int)])
    score = run.get("score")
    return None if score is None else float(score)


def _window(shown: Sequence[Rates], measure: Measure) -> tuple[float, float]:
    """The drawn scores' worst and best: far outliers are drawn at the foot, not to scale."""
    runs = [run for one in shown for _, run in one.trials]
    scored = [(run, score) for run in runs if (score := last_score(run)) is not None]
    finished = [score * measure.factor for run, score in scored if run["status"] == "finished"]
    values = [score * measure.factor for _, score in scored]
    if not values:
        return 0.0, 1.0
    best = max(values) if measure.maximise else min(values)
    worst = min(values) if measure.maximise else max(values)
    reach = 3 * (best - statistics.median(finished or values))
    foot = best - reach if abs(reach) < abs(best - worst) and reach else worst
    return (foot, best) if foot != best else (best - (abs(best) * 0.02 or 1.0), best)
