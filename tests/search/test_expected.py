"""How many runs are expected before any has run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hpstudy.search.expected import Typical, choosing, epochs, trials
from hpstudy.spec.study import Cell, Search

MakeCell = Callable[..., Cell]


def search(cell: MakeCell, **more: object) -> Search:
    made = cell("plain", **more).search
    assert made is not None
    return made


def test_without_a_budget_every_trial_is_expected(cell: MakeCell) -> None:
    assert trials(search(cell, trials=12), Typical()) == 12


@pytest.mark.parametrize(("budget", "held"), [(400, 10), (439, 10), (39, 1), (4000, 50)])
def test_epochs_hold_whole_trials_and_no_more_than_are_asked(
    budget: int, held: int, cell: MakeCell
) -> None:
    assert trials(search(cell, trials=50, budget_epochs=budget), Typical(40.0)) == held


def test_minutes_hold_what_is_told_in_them_and_what_still_flies(cell: MakeCell) -> None:
    # tests/search/test_budget.py plays this very search
    made = search(cell, trials=20, parallel=4, budget_minutes=2.0)
    assert trials(made, Typical(40.0, 30.0)) == 7
    assert trials(made, Typical(40.0, 60.0)) == 5
    assert trials(made, Typical(40.0, 1.0)) == 20


def test_what_only_running_tells_is_not_guessed(cell: MakeCell) -> None:
    assert trials(search(cell, budget_minutes=2.0), Typical(40.0)) is None
    assert trials(search(cell, budget_epochs=20), Typical()) is None


def test_one_candidate_is_not_chosen_from(cell: MakeCell) -> None:
    assert [choosing(search(cell), count) for count in (0, 1, 2, 9)] == [0, 0, 6, 12]


def test_a_budget_holds_an_oracle_s_rounds_in_their_order(cell: MakeCell) -> None:
    fixed = Typical(5.0, None, (3, 3, 3, 6, 9, 9))
    made = search(cell, trials=6, budget_epochs=22)
    assert trials(made, fixed) == 4
    assert [epochs(number, fixed) for number in (0, 4, 6)] == [0, 15, 33]
    assert epochs(4, Typical(5.0)) == 20
    assert epochs(4, Typical()) == 0
