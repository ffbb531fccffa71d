"""How many trials a budget of epochs or minutes holds."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.search.driver import Outcome
from hpstudy.search.drivers import DRIVERS
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import FloatRange, IntRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
Play = Callable[..., CellSearch]
VARIED: dict[str, Any] = {
    "training.length.epochs": IntRange(10, 60),
    "training.learning_rate": FloatRange(0.01, 30, log=True),
}


def spent(search: CellSearch) -> int:
    return sum(search.outcomes[t.number].epochs for t in search.trials if t.same_as is None)


@settings(max_examples=6, deadline=None)
@given(rng=st.randoms(use_true_random=False), budget=st.integers(10, 500))
def test_epochs_are_never_overdrawn_whatever_finishes_first(
    rng: Random, budget: int, cell: MakeCell, played: Play
) -> None:
    made = cell(VARIED, "tpe", "asha", 200, budget_epochs=budget)
    in_turn, jumbled = played(made), played(made, rng)
    assert jumbled.trials == in_turn.trials
    assert jumbled.exhausted == in_turn.exhausted
    assert spent(in_turn) <= budget
    # the next trial would need more than is left
    assert spent(in_turn) > budget - 60
    assert in_turn.exhausted is not None
    used = f"budget used up: {spent(in_turn)} of {budget} epochs, and the next trial needs"
    assert in_turn.exhausted.startswith(used)


def test_a_raised_budget_goes_on_as_if_it_had_been_there(cell: MakeCell, played: Play) -> None:
    small, large = (
        played(cell(VARIED, "tpe", "asha", 200, budget_epochs=budget)) for budget in (300, 600)
    )
    assert len(small.trials) < len(large.trials)
    assert large.trials[: len(small.trials)] == small.trials


def test_epochs_that_pruning_saves_buy_further_trials(cell: MakeCell, played: Play) -> None:
    whole, pruned = (
        played(cell("plain", "random", pruner, 200, budget_epochs=800), ending=lambda t: "finished")
        for pruner in ("none", "asha")
    )
    assert len(whole.trials) == 800 // 40
    assert len(pruned.trials) > len(whole.trials) + 5


def test_a_trial_of_hyperband_needs_its_round_alone(cell: MakeCell, played: Play) -> None:
    made = cell("plain", "hyperband", trials=200, driver="keras_tuner", budget_epochs=3 * 14)
    search = played(made, ending=lambda trial: "finished")
    assert len(search.trials) == 3


def test_a_duplicate_costs_nothing(cell: MakeCell, played: Play) -> None:
    space = {"training.length.epochs": 40, "model.depth": IntRange(1, 2)}
    search = played(cell(space, trials=8, budget_epochs=80), ending=lambda trial: "finished")
    assert len(search.trials) == 8
    assert search.exhausted is None


def test_minutes_end_a_search_by_what_was_recorded(cell: MakeCell) -> None:
    def search(seconds: float, kept: int) -> CellSearch:
        made = cell("plain", trials=20, budget_minutes=2.0)
        found = CellSearch(made, True, lambda config: 40)
        while (trial := found.next()) is not None:
            if trial.number < kept:
                found.finish(trial.number, Outcome("finished", 0.5, {}, 40, seconds))
        return found

    # trial 7 is the first one asked with four of 30 s told
    ended = search(30.0, 20)
    assert len(ended.trials) == 7
    assert ended.done
    assert ended.exhausted == "budget used up: 2 of 2 minutes of training"
    assert len(search(60.0, 20).trials) == 5
    assert len(search(1.0, 20).trials) == 20
    # resumed with what the store has, it is no further than it was
    assert search(30.0, 2).trials == ended.trials[:6]


@pytest.mark.parametrize("limit", [{"budget_epochs": 10}, {"budget_epochs": 39}])
def test_a_budget_below_one_trial_ends_at_once(limit: dict[str, int], cell: MakeCell) -> None:
    search = CellSearch(cell("plain", **limit), True, lambda config: 40)
    assert search.next() is None
    assert search.done
    assert search.trials == []


@pytest.mark.parametrize(
    ("repeats", "whole", "each"), [(False, False, 26), (True, False, 40), (False, True, 40)]
)
def test_a_promotion_costs_its_further_epochs_where_the_engine_goes_on(
    repeats: bool, whole: bool, each: int, cell: MakeCell
) -> None:
    given: dict[str, Any] = {"sampler_options": {"first_epoch": 8}, "parallel": 1}
    made = cell(
        "plain", "hyperband", trials=200, driver="keras_tuner", budget_epochs=5 * 14 + each, **given
    )
    search = CellSearch(made, True, lambda config: 40, whole)
    while (trial := search.next()) is not None:
        number, rungs = trial.number, search.rungs(trial.number)
        if rungs:
            stopped = Outcome("pruned", None, {rungs[0]: 0.5}, rungs[0], repeats=repeats)
            search.finish(number, stopped)
        else:
            search.finish(number, Outcome("finished", 0.5, {}, 40))
    assert [search.rungs(n) for n in range(len(search.trials))] == [(14,)] * 5 + [()]
    used = 5 * 14 + each
    assert (
        search.exhausted
        == f"budget used up: {used} of {used} epochs, and the next trial needs {each}"
    )


@pytest.mark.parametrize("budget", [39, 40])
def test_a_budget_that_holds_no_trial_is_refused(budget: int, cell: MakeCell) -> None:
    said = DRIVERS["optuna"].refuses(cell("plain", budget_epochs=budget), {})
    expected = "search.budget.epochs is 39, and one trial needs 40, so none would be trained"
    assert (said or "").partition(";")[0] == (expected if budget == 39 else "")
