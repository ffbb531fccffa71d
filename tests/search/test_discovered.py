"""Searches whose trials are opened, answered and closed: the same whatever finishes first."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.search.driver import Outcome, Trial
from hpstudy.search.window import CellSearch
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import IntRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
LENGTH = 40
SPACE: dict[str, Any] = {
    "model.type": "own:Model",
    "training.length.epochs": LENGTH,
    "training.batch_size": IntRange(32, 64, step=32),
}
RATE = Registered("rate", "float", 1.0, low=0.01, high=30, sampling="log")
LAYERS = Registered("layers", "int", 1, low=1, high=3)
SEARCHES = {
    "tpe": ("tpe", "asha"),
    "qmc": ("qmc", "hyperband"),
    "grid": ("grid", "none"),
}


def play(cell: Cell, rng: Random | None = None) -> CellSearch:
    """A search as a hypermodel's trials and their workers would go through it."""
    search = CellSearch(cell, True, lambda config: LENGTH)
    running: list[tuple[Trial, float, list[int]]] = []
    reached: dict[int, dict[int, float]] = {}
    while True:
        while (discovery := search.open()) is not None:
            layers = int(str(discovery.answer(LAYERS)))
            asked = [Registered(f"units_{n}", "int", 8, low=8, high=16) for n in range(layers)]
            units = [discovery.answer(one) for one in asked]
            score = -abs(math.log(float(str(discovery.answer(RATE))) / 3)) + len(set(units)) / 10
            # some cannot be built, and cost nothing
            reason = "raised" if units[0] == 12 else None
            trial = search.close(discovery.proposal({}), reason)
            reached[trial.number] = {}
            if reason is not None:
                search.finish(trial.number, Outcome("failed"))
            elif trial.same_as is None:
                running.append((trial, score, list(search.rungs(trial.number))))
        if not running:
            assert search.done
            return search
        trial, score, rungs = one = rng.choice(running) if rng else running[0]
        number = trial.number
        if rungs:
            epoch = rungs.pop(0)
            reached[number][epoch] = score
            if not search.report(number, epoch, score):
                continue
            outcome = Outcome("pruned", None, reached[number], epoch)
        else:
            outcome = Outcome("finished", score, reached[number], LENGTH)
        running.remove(one)
        search.finish(number, outcome)


@pytest.mark.parametrize("name", SEARCHES)
@settings(max_examples=4, deadline=None)
@given(rng=st.randoms(use_true_random=False), budget=st.none() | st.integers(30, 600))
def test_any_order_of_finishing_gives_the_same_trials(
    name: str, rng: Random, budget: int | None, cell: MakeCell
) -> None:
    made = cell(SPACE, *SEARCHES[name], 30, budget_epochs=budget)
    in_turn, jumbled = play(made), play(made, rng)
    assert jumbled.trials == in_turn.trials
    assert jumbled.outcomes == in_turn.outcomes
    assert jumbled.exhausted == in_turn.exhausted
    spent = sum(outcome.epochs for outcome in in_turn.outcomes.values())
    if budget is None:
        assert len(in_turn.trials) == 30
    else:
        assert spent <= budget
        assert len(in_turn.trials) == 30 or spent > budget - LENGTH
