"""Lines as wide as the terminal."""

from __future__ import annotations

from textwrap import wrap

from hpstudy.analysis.words import tied


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text in lines; no hyphenated name is broken, and no number off what it counts."""
    lines = wrap(
        tied(text), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return [line.replace("\u00a0", " ") for line in lines]
