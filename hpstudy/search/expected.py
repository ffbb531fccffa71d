"""How many runs a cell is expected to make: one rule for the bill, the head line and the table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import ceil

from hpstudy.spec.study import Search


@dataclass(frozen=True)
class Typical:
    """What a trial of a cell takes on the average: epochs, and seconds of one worker.

    None where only running it tells. `rounds` are the epochs of each trial in order, where an
    oracle fixes them.
    """

    epochs: float | None = None
    seconds: float | None = None
    rounds: tuple[int, ...] = ()


def trials(search: Search, typical: Typical) -> int | None:
    """How many trials a search makes: all that it may, or as many typical ones as its budget holds.

    None where only running them tells. Under a budget of minutes those of the window that fly when
    it is used up still end, so `parallel - 1` more are trained.
    """
    if search.budget_epochs is not None:
        if typical.rounds:
            return max(1, sum(used <= search.budget_epochs for used in accumulate(typical.rounds)))
        if not typical.epochs:
            return None
        return min(search.trials, max(1, int(search.budget_epochs / typical.epochs)))
    if search.budget_minutes is not None:
        if not typical.seconds:
            return None
        told = ceil(60 * search.budget_minutes / typical.seconds)
        return min(search.trials, told + search.parallel - 1)
    return search.trials


def epochs(number: int, typical: Typical) -> float:
    """What so many trials train, 0 where only running them tells."""
    return sum(typical.rounds[:number]) if typical.rounds else number * (typical.epochs or 0.0)


def choosing(search: Search, candidates: int) -> int:
    """How many runs choose among so many candidates; none where there is nothing to choose."""
    top = min(search.choose_top, candidates)
    return top * search.choose_seeds if top > 1 else 0
