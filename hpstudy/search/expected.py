"""How many runs a cell is expected to make: one rule for the bill, the head line and the table."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from hpstudy.search.brackets import Bracket
from hpstudy.spec.study import Search


@dataclass(frozen=True)
class Typical:
    """What a trial of a cell takes on the average: epochs, and seconds of one worker.

    None where only running it tells.
    """

    epochs: float | None = None
    seconds: float | None = None


def trials(search: Search, typical: Typical) -> int | None:
    """How many trials a search makes: all that it may, or as many typical ones as its budget holds.

    None where only running them tells. Under a budget of minutes those of the window that fly when
    it is used up still end, so `parallel - 1` more are trained.
    """
    if search.budget_epochs is not None:
        if not typical.epochs:
            return None
        return min(search.trials, max(1, int(search.budget_epochs / typical.epochs)))
    if search.budget_minutes is not None:
        if not typical.seconds:
            return None
        told = ceil(60 * search.budget_minutes / typical.seconds)
        return min(search.trials, told + search.parallel - 1)
    return search.trials


def choosing(search: Search, candidates: int) -> int:
    """How many runs choose among so many candidates; none where there is nothing to choose."""
    top = min(search.choose_top, candidates)
    return top * search.choose_seeds if top > 1 else 0


def epochs_of_a_pass(brackets: tuple[Bracket, ...]) -> float:
    """The mean epochs of a trial of Hyperband's oracle, over one pass through its brackets.

    A promotion goes on from where it was paused and trains its further epochs alone. The cheapest
    bracket comes first, so n trials train at most n times as many.
    """
    trained = sum(
        one.trials * (one.epochs - before)
        for bracket in brackets
        for one, before in zip(bracket, (0, *(r.epochs for r in bracket)), strict=False)
    )
    return trained / sum(one.trials for bracket in brackets for one in bracket)
