"""The smallest and the largest network of each cell, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from hpstudy.analysis.words import thousands
from hpstudy.bill.wrapping import WIDTH
from hpstudy.extremes import Extremes


def networks(extremes: Sequence[Extremes]) -> list[str]:
    """Trained, frozen and total entries of each cell's smallest and largest network.

    Nothing where they are known only by running a hypermodel, which `unknown` says.
    """
    rows: list[tuple[str, ...]] = [("Parameters", "trained", "frozen", "total")]
    for one in extremes:
        small, large = one.smallest, one.largest
        if small is None or large is None:
            return []
        names = [(one.cell.name, small)]
        if small != large:
            names = [(f"{one.cell.name}, smallest", small), ("  largest", large)]
        for name, network in names:
            figures = (network.trained, network.frozen, network.total)
            rows.append((name, *(thousands(figure) for figure in figures)))
    wide = max(len(row[0]) for row in rows)
    widths = [max(len(row[column]) for row in rows) for column in (1, 2, 3)]
    wide = min(wide, WIDTH - sum(widths) - 6)
    return [
        _cut(name, wide).ljust(wide)
        + "".join(f"  {figure:>{width}}" for figure, width in zip(figures, widths, strict=True))
        for name, *figures in rows
    ]


def unknown(name: str) -> list[str]:
    """That a hypermodel's networks are known only by running it."""
    text = (
        f"Networks: what {name} asks for and builds, and how long it takes, is known only by "
        "running it, which `run` does and `validate` does not. It is searched as it asks; "
        "`model.hp` of the study file can fix, sweep or widen any of it."
    )
    return wrap(text, WIDTH)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
