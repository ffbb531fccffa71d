"""What becomes of a trial of somebody else's hypermodel once a worker has built it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hpstudy.search.discovery import Found
from hpstudy.spec.problems import Problems
from hpstudy.spec.study import Cell
from hpstudy.store import Event

_WHERE = {
    "training.batch_size": "the hypermodel's own fit sets the batch size",
    "training.length.epochs": "the hypermodel's own fit sets the epochs",
    "training.length.steps": "the hypermodel's own fit sets the epochs",
}


def found(said: Mapping[str, Any], earlier: bool = False) -> Found:
    """A worker's account of a discovery, or the store's of an `earlier` one."""
    training = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in said["training"].items()
    }
    return Found(training, said.get("counts", {}), said["reason"], bool(said.get("lost")), earlier)


def untrained(run: str, what: Found) -> Event:
    """The record of a trial that cannot be trained."""
    return {
        "run": run,
        "status": "failed",
        "reason": what.reason,
        "score": None,
        "scored_epoch": None,
        "counts": dict(what.counts),
    }


def collide(cell: Cell, keys: Iterable[str], problems: Problems) -> None:
    """Tell which of the settings that a hypermodel decides the study file gives all the same.

    Defaults, which nobody wrote, give way without a word.
    """
    for key in dict.fromkeys(keys):
        if key in cell.given:
            why = _WHERE.get(key, "the hypermodel compiles its model, which decides this")
            say = f"{key} is given, and {why}; leave one of them out"
            problems.add(cell.given[key], say)


def check(cell: Cell, keys: Iterable[str]) -> None:
    """Raise SpecError with what `collide` tells."""
    problems = Problems()
    collide(cell, keys, problems)
    problems.check()
