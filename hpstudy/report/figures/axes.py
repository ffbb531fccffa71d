"""What the figures' axes share: places in pixels, log ticks without exponents, airy limits."""

from __future__ import annotations

import math
from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

LEFT, BOTTOM, RIGHT, TOP = 48, 36, 8, 8


def place(
    figure: Figure,
    left: float = LEFT,
    bottom: float = BOTTOM,
    width: float | None = None,
    height: float | None = None,
) -> Axes:
    """Axes at a place in pixels, so that panels of one figure line up; by default all there is."""
    full_width, full_height = figure.get_size_inches() * 72
    wide = full_width - left - RIGHT if width is None else width
    high = full_height - bottom - TOP if height is None else height
    box = (left / full_width, bottom / full_height, wide / full_width, high / full_height)
    axes = figure.add_axes(box)
    axes.yaxis.set_label_coords((10 - LEFT) / wide, 0.5)
    return axes


def log_axis(axes: Axes, low: float, high: float) -> None:
    """A log x axis from `low` to `high` with ticks at 1, or at 1 and 3, of each decade."""
    air = (high / low) ** 0.06 if high > low else 1.5
    axes.set_xscale("log")
    axes.set_xlim(low / air, high * air)
    decades = range(math.floor(math.log10(low / air)), math.ceil(math.log10(high * air)) + 1)
    steps = (1,) if math.log10(high / low) > 2.2 else (1, 2, 5)
    ticks = [s * 10.0**d for d in decades for s in steps if low / air <= s * 10.0**d <= high * air]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: compact(value)))


def compact(value: float) -> str:
    """0.001, 0.3, 10, 3k, 100k, 2M."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.6g}{unit}"
    return f"{value:.12f}".rstrip("0").rstrip(".")


def limits(values: Iterable[float], air: float = 0.06) -> tuple[float, float]:
    """The values' range with `air` on both sides; a small span around a single value."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    span = (high - low) or abs(high) * 0.02 or 1.0
    return low - air * span, high + air * span
