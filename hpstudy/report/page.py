"""What sections are made of, and the templates that turn them into HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from hpstudy.analysis.words import tied
from hpstudy.report.figures.palette import Look

TEMPLATES = Path(__file__).with_name("templates")
# one panel's drawing, in pixels at its natural size: the fewer stand side by side, the wider
SIZES = {1: (480, 280), 2: (460, 270), 3: (340, 240)}
WIDE = (960, 320)  # of a panel that stands alone in its row, where the window is wide
# panels and verdicts beyond this many fold away by group, so that a large sweep stays readable
MANY = 12


@dataclass(frozen=True)
class Section:
    """One part of the page: its anchor, its heading and its HTML."""

    name: str
    title: str
    body: Markup


@dataclass(frozen=True)
class Panel:
    """One small figure and the line above it; `draw` makes its SVG of a width and a height."""

    title: str
    draw: Callable[[int, int], Markup]


@dataclass(frozen=True)
class Group:
    """Panels that belong together under one heading, which may be empty."""

    title: str
    panels: Sequence[Panel]

    @property
    def columns(self) -> int:
        """How many panels stand side by side where there is room; rows are filled evenly."""
        return {1: 1, 2: 2, 4: 2}.get(len(self.panels), 3)

    def drawn(self) -> list[tuple[str, list[Markup]]]:
        """Titles and SVGs in the size that their number leaves them; one alone has two, WIDE last.

        The page shows one of the two, by the width of its window.
        """
        sizes = [SIZES[self.columns], *([WIDE] if self.columns == 1 else [])]
        return [(panel.title, [panel.draw(*size) for size in sizes]) for panel in self.panels]


@dataclass(frozen=True)
class Key:
    """A legend entry: a mark in a colour variable, or a line, and what it stands for."""

    words: str
    variable: str = "--ink"
    path: str = ""
    stroke: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a caption; rows come in groups, numbers are right-aligned by column."""

    caption: str
    header: Sequence[str]
    groups: Sequence[tuple[str, Sequence[Sequence[Any]]]]
    numeric: Iterable[int] = field(default_factory=tuple)


def arm_keys(looks: Mapping[str, Look]) -> list[Key]:
    return [Key(arm, look.variable, look.path) for arm, look in looks.items()]


def render(template: str, **context: Any) -> Markup:
    """A template's HTML; every value is escaped unless it is Markup already."""
    return Markup(_ENVIRONMENT.get_template(template).render(**context))


def figures(
    introduction: str, keys: Sequence[Key], groups: Sequence[Group], caption: str
) -> Markup:
    """Small multiples with one legend; many groups of panels fold away."""
    shown = [group for group in groups if group.panels]
    fold = len(shown) > 1 and sum(len(group.panels) for group in shown) > MANY
    return render(
        "figures.html.j2",
        introduction=introduction,
        keys=keys,
        groups=shown,
        caption=caption,
        fold=fold,
    )


def typographic(text: str) -> str:
    """Minus signs, plus-minus signs and apostrophes as print has them; numbers keep their units."""
    text = text.replace("+/-", "\u00b1")
    text = re.sub(r"(?<![\w.\-])-(?=\d)", "\u2212", text)
    text = re.sub(r"(?<=\w)'(?=\w)", "\u2019", text)
    return tied(text)


def breakable(text: str) -> Markup:
    """A name that may go on in the next line after each underscore."""
    return escape(text).replace("_", Markup("_<wbr>"))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ENVIRONMENT.filters["typographic"] = typographic
_ENVIRONMENT.filters["breakable"] = breakable
