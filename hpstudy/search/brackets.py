"""Hyperband's brackets in epochs, after Li et al., JMLR 18 (2018).

A bracket starts many trials on few epochs and promotes the best of each round to `factor` times as
many. The sizes are those of Keras Tuner 1.4, with the shortest round at `first_epoch` instead of 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from hpstudy.search.points import configurations
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.study import Cell, Search


@dataclass(frozen=True)
class Round:
    """How many trials of a bracket are trained up to the end of which epoch."""

    trials: int
    epochs: int


Bracket = tuple[Round, ...]


def brackets(length: int, factor: int, first_epoch: int) -> tuple[Bracket, ...]:
    """The brackets of runs of `length` epochs, the last one without any halving."""
    shares = max(1.0, length / first_epoch)
    # rounded first: log(9, 3) is 2.0000000000000004
    most = math.floor(round(math.log(shares, factor), 9))
    ends = math.ceil(round(1 + math.log(shares, factor), 9))
    return tuple(
        tuple(
            Round(
                trials=math.ceil(round(ends / (number + 1) * factor ** (number - turn), 9)),
                epochs=math.ceil(length / factor ** (number - turn)),
            )
            for turn in range(number + 1)
        )
        for number in range(most, -1, -1)
    )


def schedule(table: tuple[Bracket, ...], trials: int, window: int) -> list[tuple[int, int]]:
    """The epochs (begin, end) of each trial of a search, in order, whatever their scores are.

    Trial n is asked when all but `window` - 1 of those before it have ended.
    """
    found: list[tuple[int, int]] = []
    opened: list[tuple[Bracket, list[list[int]]]] = []
    for number in range(trials):
        for bracket, rounds in opened:
            turn = _turn(bracket, rounds, number - window + 1)
            if turn is not None:
                break
        else:
            bracket, turn = table[len(opened) % len(table)], 0
            rounds = [[] for _ in bracket]
            opened.append((bracket, rounds))
        rounds[turn].append(number)
        found.append((bracket[turn - 1].epochs if turn else 0, bracket[turn].epochs))
    return found


def _turn(bracket: Bracket, rounds: list[list[int]], told: int) -> int | None:
    """The round of a bracket that may take one more trial when the first `told` have ended."""
    if len(rounds[0]) < bracket[0].trials:
        return 0
    for turn in range(1, len(bracket)):
        free = sum(number < told for number in rounds[turn - 1]) - len(rounds[turn])
        # those that are never promoted are known only when the others are
        if free > bracket[turn - 1].trials - bracket[turn].trials:
            return turn
    return None


def continues(cell: Cell, backend: str) -> bool:
    """Whether promotions are known to go on without repeating an epoch.

    What `model.fit` trains begins anew, and somebody's hypermodel may be.
    """
    return backend == "jax" and not is_foreign(cell.settings)


def charged(planned: Iterable[tuple[int, int]], further: bool) -> tuple[int, ...]:
    """The most epochs that each trial costs; a promotion its `further` ones alone, or all."""
    return tuple(end - begin if further else end for begin, end in planned)


def epochs_of(cell: Cell) -> int | None:
    """The epochs of every run of a cell, or None where they are searched or follow from steps."""
    length = cell.settings.get("training.length.epochs")
    return length if isinstance(length, int) else None


def refused(cell: Cell, search: Search, backend: str, factor: int, first_epoch: int) -> str | None:
    """Why Hyperband's oracle cannot search a cell on a backend ('auto' where unknown), or None."""
    if search.pruner != "none":
        return (
            f"oracle hyperband stops trials by itself, so pruner {search.pruner} has no part in "
            "it; leave `pruner` out"
        )
    length = epochs_of(cell)
    if length is None:
        return unequal(cell)
    table = brackets(length, factor, first_epoch)
    most = sum(one.trials for bracket in table for one in bracket)
    planned = schedule(table, most, search.parallel)
    least = 1 + next(n for n, (_, end) in enumerate(planned) if end == length)
    if search.trials < least:
        return (
            f"search.trials is {search.trials}, too few for hyperband, where with "
            f"{search.parallel} at a time no trial before number {least} reaches epoch {length}; "
            f"allowed: {least} and more"
        )
    return _unaffordable(cell, search, planned[:least], backend) or _short(cell, table[0])


def _unaffordable(
    cell: Cell, search: Search, planned: list[tuple[int, int]], backend: str
) -> str | None:
    """Why a budget of epochs holds too few trials, or None for the `planned` ones that it needs."""
    need = sum(charged(planned, continues(cell, backend)))
    budget = search.budget_epochs
    if budget is None or budget >= need:
        return None
    less = sum(charged(planned, continues(cell, "jax")))
    other = "" if less == need else f", or {less} and more with engine: {{backend: jax}}"
    return (
        f"search.budget.epochs is {budget}, too few for hyperband, whose first trial that reaches "
        f"epoch {planned[-1][1]} needs {need} with those before it; allowed: {need} and more{other}"
    )


def _short(cell: Cell, bracket: Bracket) -> str | None:
    """Why a space is too small for a bracket, or None; a round that never fills promotes none."""
    first = bracket[0].trials
    if len(bracket) == 1 or is_foreign(cell.settings):
        return None
    found = configurations(cell.settings, cell.conditions, first)
    if found == first:
        return None
    return (
        f"the space has {found} configurations, too few for hyperband, whose first round trains "
        f"{first} different ones before it promotes any; allowed: {first} and more, or a greater "
        "first_epoch, or oracle grid, which trains each of them"
    )


def unequal(cell: Cell) -> str | None:
    """Why Hyperband cannot halve the epochs of a cell's runs, or None."""
    if epochs_of(cell) is not None:
        return None
    return (
        "hyperband halves epochs, so every run needs the same number of them; "
        "write training.length: {epochs: 20}, without a range"
    )
