"""Lines of at most 80 characters, in which words that belong together stay together."""

from __future__ import annotations

from textwrap import wrap

WIDTH = 80
KEPT = "\u00a0"  # between words that stay in one line, and a blank once they do


def kept(text: str) -> str:
    """The text as one word, which no line's end parts."""
    return text.replace(" ", KEPT)


def indented(line: str) -> list[str]:
    """Lines below a heading."""
    return wrapped(line, "  ", "    ")


def wrapped(line: str, first: str, rest: str) -> list[str]:
    """Lines that end between two words, and never where KEPT holds them together."""
    found = wrap(line, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [part.replace(KEPT, " ") for part in found]
