"""The flag of a test split that had been looked at before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import number
from hpstudy.store import Event


def look(a: CellRecord, b: CellRecord) -> list[Flag]:
    """Whether the test split had been looked at before, and what changed since."""
    said: dict[str, list[str]] = {}
    for cell in (a, b):
        if cell.looks and max(int(event["look"]) for event in cell.looks) > 1:
            said.setdefault(_look(cell.looks), []).append(cell.arm)
    if len(said) == 1 and len(next(iter(said.values()))) == 2:
        return [Flag("look", next(iter(said)))]
    return [Flag("look", f"{words} of {' and '.join(arms)}") for words, arms in said.items()]


def _look(looks: Sequence[Event]) -> str:
    last = max(int(event["look"]) for event in looks)
    changes = []
    for key, words in (("generation", "searches"), ("trials", "trials"), ("seeds", "seeds")):
        path = _path([event.get(key) for event in looks])
        if len(path) > 1:
            changes.append(f"{words} {' to '.join(number(value) for value in path)}")
    picks = _path([(event.get("generation"), event.get("trial")) for event in looks])
    if len(picks) > 1 and len({generation for generation, _ in picks}) == 1:
        changes.append(f"pick {' to '.join(number(trial) for _, trial in picks)}")
    return f"look {last}: {', '.join(changes)}" if changes else f"look {last}"


def _path(values: Sequence[Any]) -> list[Any]:
    """The values with repeats that follow each other left out."""
    return [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]
