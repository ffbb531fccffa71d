"""matplotlib figures as small inline SVG: same input, same bytes; no fonts, dates or addresses."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from hpstudy.report.figures.palette import GRID, INK, MUTED, variables

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.5,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "path.simplify": True,
    "svg.fonttype": "none",
    "svg.image_inline": True,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9,
    "xtick.major.size": 3,
    "xtick.major.width": 0.7,
    "xtick.minor.size": 0,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9,
    "ytick.major.size": 0,
}


def draw(name: str, plot: Callable[[Figure], None], alt: str, width: int, height: int) -> Markup:
    """The SVG element of what `plot` draws, `width` by `height` pixels at its natural size.

    `name` must be unique in the page, but for drawings of another width: both salt the ids. `alt`
    is what a screen reader says.
    """
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": f"{name} {width}"}):
        figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
        FigureCanvasSVG(figure)
        plot(figure)
        for axes in figure.axes:
            axes.set_facecolor("none")
        content = io.StringIO()
        blank = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(content, format="svg", metadata=blank, facecolor="none")
    return _inline(content.getvalue(), alt, width, height)


def _inline(svg: str, alt: str, width: int, height: int) -> Markup:
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->|<style.*?</style>", "", body, flags=re.S)
    body = body.replace("xlink:href", "href")
    used = set(re.findall(r"#([\w.-]+)", body))
    body = re.sub(r' id="([^"]+)"', lambda m: m[0] if m[1] in used else "", body)
    body = re.sub(r"<[^>]+>", lambda m: _rounded(m[0]), body)
    for sentinel, variable in variables().items():
        body = body.replace(sentinel, f"var({variable})")
    body = re.sub(r"'DejaVu Sans'(, '[^']+')*(, sans-serif)?", "var(--sans)", body)
    body = re.sub(r"\s*\n\s*", "\n", body).strip()
    opening = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}">'
    return Markup(f"{opening}\n{body}\n</svg>")


def _rounded(tag: str) -> str:
    """Coordinates to a hundredth of a pixel, which nobody can see and halves the size."""
    return re.sub(r"-?\d+\.\d{3,}", lambda m: f"{float(m[0]):.2f}".rstrip("0").rstrip("."), tag)
