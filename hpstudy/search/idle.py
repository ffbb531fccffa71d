"""Pruners and oracles that could stop trials early, and in this cell never will."""

from __future__ import annotations

from typing import Any

from hpstudy.search.brackets import brackets
from hpstudy.search.options import options
from hpstudy.spec.space import Choice, IntRange
from hpstudy.spec.study import Cell

_EPOCHS = "training.length.epochs"


def idle(cell: Cell) -> tuple[str, str] | None:
    """Which of `pruner` and `oracle` stops no trial, and why; None where both do their part."""
    search, longest = cell.search, _longest(cell)
    if search is None or longest is None:
        return None
    kind = "pruner" if search.driver == "optuna" or search.pruner != "none" else "oracle"
    name = search.pruner if kind == "pruner" else search.sampler
    if name == "none" or (kind == "oracle" and name != "hyperband"):
        return None
    given = search.pruner_options if kind == "pruner" else search.sampler_options
    taken: Any = options(kind, name, given)
    first = taken["first_epoch"]
    if name == "hyperband":
        if len(brackets(longest, taken["factor"], first)) > 1:
            return None
        needs = first * taken["factor"]
    elif first < longest:
        return None
    else:
        needs = first + 1
    many = "epoch" if longest == 1 else "epochs"
    other = "leave `pruner` out" if kind == "pruner" else "take oracle random"
    return kind, (
        f"{kind} {name} stops no trial: its first_epoch is {first} and runs have {longest} {many}, "
        f"which would have to be {needs} and more; lower first_epoch, or {other}"
    )


def _longest(cell: Cell) -> int | None:
    """The most epochs of a run, or None where they follow from steps or from a hypermodel."""
    value = cell.settings.get(_EPOCHS)
    if isinstance(value, IntRange):
        return value.high
    numbers = value.options if isinstance(value, Choice) else (value,)
    return max((one for one in numbers if type(one) is int), default=None)
