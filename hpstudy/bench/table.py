"""What a benchmark found, as tables: rich on a terminal, plain text elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TextIO

WIDTH = 80


@dataclass(frozen=True)
class Table:
    """A title, columns and rows of words, and notes below; the first column is to the left."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


def show(table: Table, stream: TextIO) -> None:
    """Write a table to `stream`."""
    if stream.isatty():
        _rich(table, stream)
    else:
        print("\n".join(lines(table)), end="\n\n", file=stream, flush=True)


def lines(table: Table) -> list[str]:
    """The table as plain text."""
    rows = [table.columns, *table.rows]
    wide = [max(len(row[i]) for row in rows) for i in range(len(table.columns))]
    body = [_line(row, wide) for row in rows]
    notes = [line for note in table.notes for line in wrap(note, WIDTH, subsequent_indent="  ")]
    return [
        *wrap(table.title, WIDTH),
        "",
        body[0],
        "  ".join("-" * one for one in wide),
        *body[1:],
        *notes,
    ]


def _line(row: Sequence[str], wide: Sequence[int]) -> str:
    cells = [f"{row[0]:<{wide[0]}}"]
    cells += [f"{word:>{size}}" for word, size in zip(row[1:], wide[1:], strict=True)]
    return "  ".join(cells).rstrip()


def _rich(table: Table, stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    # two blanks between columns, as in plain text
    drawn = Drawn(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for number, name in enumerate(table.columns):
        drawn.add_column(Text(name), justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*(Text(word) for word in row))
    console.print(Text(table.title, style="italic"), "", drawn, sep="\n")
    for note in table.notes:
        console.print(Text(note, style="dim"))
    console.print()


def number(value: float | None, digits: int = 1) -> str:
    """A figure, or a dash where there is none."""
    return "-" if value is None else f"{value:,.{digits}f}"


def medians(repeats: int) -> str:
    """How often the figures of a table were taken: 'medians of 3', 'taken once'."""
    return f"medians of {repeats}" if repeats > 1 else "taken once"
