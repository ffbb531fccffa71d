"""The flag of a test split that had been looked at before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import number
from hpstudy.store import Event

COUNTED = (("generation", "by search {}"), ("trials", "after {} trials"), ("seeds", "on {} seeds"))


def look(a: CellRecord, b: CellRecord) -> list[Flag]:
    """Whether the test split had been looked at before, and what changed since."""
    said: dict[str, list[str]] = {}
    for cell in (a, b):
        if cell.looks and max(int(event["look"]) for event in cell.looks) > 1:
            said.setdefault(_look(cell.looks), []).append(cell.arm)
    if len(said) == 1 and len(next(iter(said.values()))) == 2:
        arms = ["both arms"]
        said = {next(iter(said)): arms}
    return [
        Flag("look", f"the test scores of {' and '.join(arms)} were looked at {words}")
        for words, arms in said.items()
    ]


def _look(looks: Sequence[Event]) -> str:
    """'twice (after 16, then 24 trials; trial 3, then 17 picked)'."""
    times = max(int(event["look"]) for event in looks)
    often = "twice" if times == 2 else f"{times} times"
    changes = []
    for key, words in COUNTED:
        path = _path([event.get(key) for event in looks])
        if len(path) > 1:
            changes.append(words.format(_then(path)))
    picks = _path([(event.get("generation"), event.get("trial")) for event in looks])
    if len(picks) > 1 and len({generation for generation, _ in picks}) == 1:
        changes.append(f"trial {_then([trial for _, trial in picks])} picked")
    return f"{often} ({'; '.join(changes)})" if changes else often


def _then(values: Sequence[Any]) -> str:
    return ", then ".join(number(value) for value in values)


def _path(values: Sequence[Any]) -> list[Any]:
    """The values with repeats that follow each other left out."""
    return [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]
