"""Pruners and oracles that could stop trials early, and in this cell never will."""

from __future__ import annotations

from typing import Any

from hpstudy.search.brackets import brackets
from hpstudy.search.options import options
from hpstudy.spec.space import Choice, IntRange
from hpstudy.spec.study import Cell, Search

_EPOCHS = "training.length.epochs"


def idle(cell: Cell) -> tuple[str, str] | None:
    """Which of `pruner` and `oracle` stops no trial, and why; None where both do their part."""
    search = cell.search
    if search is None:
        return None
    kind = "pruner" if search.driver == "optuna" or search.pruner != "none" else "oracle"
    name = search.pruner if kind == "pruner" else search.sampler
    if name == "none" or (kind == "oracle" and name != "hyperband"):
        return None
    given = search.pruner_options if kind == "pruner" else search.sampler_options
    taken = options(kind, name, given)
    why = _short(cell, name, taken) or _few(search, taken)
    if why is None:
        return None
    other = "leave `pruner` out" if kind == "pruner" else "take oracle random"
    return kind, f"{kind} {name} stops no trial: {why}, or {other}"


def _short(cell: Cell, name: str, taken: Any) -> str | None:
    """Why no run is long enough to be stopped, or None."""
    longest, first = _longest(cell), taken["first_epoch"]
    if longest is None:
        return None
    if name == "hyperband":
        if len(brackets(longest, taken["factor"], first)) > 1:
            return None
        needs = first * taken["factor"]
    elif first < longest:
        return None
    else:
        needs = first + 1
    many = "epoch" if longest == 1 else "epochs"
    return (
        f"its first_epoch is {first} and runs have {longest} {many}, which would have to be "
        f"{needs} and more; lower first_epoch"
    )


def _few(search: Search, taken: Any) -> str | None:
    """Why even the last trial is compared with too few, or None.

    Trial n is asked when n + 1 - parallel have ended; an oracle or a grid that waits may know of
    all n before it.
    """
    startup = taken.get("startup_trials")
    waits = search.driver != "optuna" or search.sampler == "grid"
    unknown = 1 if waits else search.parallel
    if startup is None or search.trials - unknown >= startup:
        return None
    known = max(0, search.trials - unknown)
    return (
        f"it waits for {startup} finished trials, and the last of {search.trials} knows of {known} "
        f"at most (parallel {search.parallel}); make them {startup + unknown} and more, lower "
        "startup_trials"
    )


def _longest(cell: Cell) -> int | None:
    """The most epochs of a run, or None where they follow from steps or from a hypermodel."""
    value = cell.settings.get(_EPOCHS)
    if isinstance(value, IntRange):
        return value.high
    numbers = value.options if isinstance(value, Choice) else (value,)
    return max((one for one in numbers if type(one) is int), default=None)
