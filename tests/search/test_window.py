"""The order in which a cell's search asks and tells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.search.driver import Outcome, Waits
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import Ask, FloatRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
Play = Callable[..., CellSearch]


class Recorder:
    """A driver that writes down what it is asked and told; it proposes what `values` hold."""

    pruner = None
    promotions = None

    def __init__(
        self, values: list[float], size: int | None = None, waits: Mapping[int, int] | None = None
    ) -> None:
        self.calls: list[tuple[str, int]] = []
        self.size = size
        self._values = values
        # trial -> how many trials must be told before it is proposed
        self._waits = waits or {}

    def begin(self, number: int) -> Ask:
        told = sum(call == "tell" for call, _ in self.calls)
        if told < self._waits.get(number, 0):
            raise Waits
        self.calls.append(("ask", number))
        return lambda name, asked: self._values[number]

    def tell(self, number: int, outcome: Outcome) -> None:
        self.calls.append(("tell", number))


@pytest.fixture
def recorded(
    monkeypatch: pytest.MonkeyPatch, cell: MakeCell
) -> Callable[..., tuple[CellSearch, Recorder]]:
    def start(
        values: list[float],
        size: int | None = None,
        waits: Mapping[int, int] | None = None,
        **given: Any,
    ) -> tuple[CellSearch, Recorder]:
        recorder = Recorder(values, size, waits)
        monkeypatch.setattr("hpstudy.search.optuna.build", lambda cell, maximise: recorder)
        space = {"training.length.epochs": 40, "x": FloatRange(0.0, 100.0)}
        return CellSearch(cell(space, **given), True, lambda config: 40), recorder

    return start


@pytest.mark.parametrize("parallel", [1, 2, 4, 20])
def test_the_canonical_order(parallel: int, recorded: Any) -> None:
    search, recorder = recorded([float(n) for n in range(9)], trials=9, parallel=parallel)
    running: list[int] = []
    while not search.done:
        while (trial := search.next()) is not None:
            running.append(trial.number)
        # the newest first, which is as far from the order of asking as it gets
        search.finish(running.pop(), Outcome("finished", 0.5))
    wanted: list[tuple[str, int]] = []
    for number in range(9):
        if number >= parallel:
            wanted.append(("tell", number - parallel))
        wanted.append(("ask", number))
    assert recorder.calls == wanted


def test_a_full_window_waits_for_its_oldest_trial(recorded: Any) -> None:
    search, _ = recorded([float(n) for n in range(9)], trials=9, parallel=3)
    assert [search.next().number for _ in range(3)] == [0, 1, 2]
    assert search.next() is None
    search.finish(1, Outcome("finished", 0.5))
    search.finish(2, Outcome("failed"))
    assert search.next() is None
    search.finish(0, Outcome("diverged"))
    assert [search.next().number for _ in range(3)] == [3, 4, 5]
    assert search.next() is None
    assert not search.done


def test_a_driver_that_waits_is_told_more_in_order(recorded: Any) -> None:
    values = [float(n) for n in range(6)]
    search, recorder = recorded(values, waits={3: 2}, trials=6, parallel=4)
    assert [search.next().number for _ in range(3)] == [0, 1, 2]
    assert search.next() is None
    search.finish(1, Outcome("finished", 0.5))
    assert search.next() is None
    search.finish(0, Outcome("finished", 0.5))
    assert search.next().number == 3
    assert recorder.calls[3:] == [("tell", 0), ("tell", 1), ("ask", 3)]
    assert [search.next().number for _ in range(2)] == [4, 5]
    assert recorder.calls[6:] == [("ask", 4), ("ask", 5)]


def test_a_driver_that_waits_for_nothing_ends_the_search(recorded: Any) -> None:
    search, recorder = recorded([1.0, 2.0], waits={2: 9}, trials=6, parallel=4)
    assert [search.next().number for _ in range(2)] == [0, 1]
    for number in (1, 0):
        assert search.next() is None
        assert not search.done
        search.finish(number, Outcome("finished", 0.5))
    assert search.next() is None
    assert search.done
    assert search.exhausted == "space exhausted: nothing new is left after 2 trials"
    assert recorder.calls[2:] == [("tell", 0), ("tell", 1)]


def test_a_duplicate_names_the_first_trial_and_counts_as_one(recorded: Any) -> None:
    search, _ = recorded([1.0, 2.0, 1.0, 1.0, 3.0], trials=5, parallel=4)
    assert [search.next().same_as for _ in range(4)] == [None, None, 0, 0]
    assert search.next() is None
    for number in range(4):
        search.finish(number, Outcome("finished", 0.5))
    assert search.next().same_as is None
    search.finish(4, Outcome("finished", 0.5))
    assert search.done
    assert search.exhausted is None


def test_ten_duplicates_in_a_row_end_the_search(recorded: Any) -> None:
    values = [1.0] * 10 + [2.0] + [1.0] * 30
    search, _ = recorded(values, trials=30, parallel=1)
    while (trial := search.next()) is not None:
        assert not search.done
        search.finish(trial.number, Outcome("finished", 0.5))
    assert len(search.trials) == 21
    assert search.done
    assert search.exhausted == (
        "space exhausted: the last 10 of 21 trials repeat earlier ones; "
        "2 configurations are distinct"
    )


def test_a_driver_without_more_points_ends_the_search(recorded: Any) -> None:
    search, _ = recorded([1.0, 2.0], size=2, trials=5)
    assert [search.next().number, search.next().number] == [0, 1]
    assert search.next() is None
    assert not search.done
    search.finish(0, Outcome("finished", 0.5))
    search.finish(1, Outcome("finished", 0.5))
    assert search.done
    assert search.exhausted == "space exhausted: all 2 points of the grid are proposed"


def test_a_search_that_ends_with_its_space_is_complete(recorded: Any) -> None:
    search, _ = recorded([1.0, 2.0], size=2, trials=2)
    while (trial := search.next()) is not None:
        search.finish(trial.number, Outcome("finished", 0.5))
    assert search.done
    assert search.exhausted is None


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(4)), others=st.lists(st.floats(-9, 9), min_size=4, max_size=4))
def test_a_rung_is_decided_by_what_was_told_at_the_ask(
    cell: MakeCell, order: list[int], others: list[float]
) -> None:
    """Trial 6 of a window of 4 is asked with trials 0 to 2 told, whatever 3 to 5 do meanwhile."""
    space = {"training.length.epochs": 40, "model.share": FloatRange(0.0, 1.0)}

    def decision(value: float, score: float) -> bool:
        made = cell(space, pruner="asha", trials=12)
        search = CellSearch(made, True, lambda config: 40)
        for number in range(7):
            trial = search.next()
            assert trial is not None
            if number < 3:
                search.report(number, 10, float(number))
                search.finish(number, Outcome("finished", float(number), {10: float(number)}))
        for which in order:
            if which < 3:
                search.report(3 + which, 10, others[which])
                rungs = {10: others[which]}
                search.finish(3 + which, Outcome("finished", score, rungs))
                while search.next() is not None:
                    pass
            else:
                answer = search.report(6, 10, value)
        return answer

    # of 0, 1, 2 and its own value ASHA keeps the best one
    assert decision(1.5, others[3])
    assert not decision(2.5, others[3])


def test_nan_stops_a_trial_and_is_told_to_nobody(cell: MakeCell) -> None:
    search = CellSearch(cell(pruner="asha"), True, lambda config: 40)
    assert search.next() is not None
    assert search.report(0, 10, math.nan)
    assert search.report(0, 10, math.inf)
    for value in (math.nan, math.inf, None):
        with pytest.raises(ValueError, match="needs a finite score, got"):
            Outcome("finished", value)
    with pytest.raises(ValueError, match="scores at rungs are finite"):
        Outcome("pruned", None, {5: math.nan})


def test_calls_out_of_place_are_errors(cell: MakeCell) -> None:
    search = CellSearch(cell(pruner="asha"), True, lambda config: 40)
    search.next()
    with pytest.raises(ValueError, match="trial 1 of 'bn_only depth=3' is not asked; 1 trials are"):
        search.finish(1, Outcome("failed"))
    with pytest.raises(ValueError, match=r"trial 0 reported at epoch 40; its rungs are \(10,\)"):
        search.report(0, 40, 0.5)
    search.finish(0, Outcome("failed"))
    with pytest.raises(ValueError, match="already finished"):
        search.finish(0, Outcome("failed"))


def test_a_replay_from_stored_outcomes_repeats_the_search(cell: MakeCell, played: Play) -> None:
    made = cell("conditional", "tpe", "asha", 20, sampler_options={"startup_trials": 4})
    whole = played(made, Random(3))
    # killed when these were recorded: what is asked again is the same, and goes on the same
    kept = {n: o for n, o in whole.outcomes.items() if n < 9 or n == 11}
    resumed = CellSearch(made, True, lambda config: 40)
    while (trial := resumed.next()) is not None:
        if trial.number in kept:
            resumed.finish(trial.number, kept[trial.number])
    assert resumed.trials == whole.trials[:13]
    for number in (9, 10, 12):
        resumed.finish(number, whole.outcomes[number])
    assert resumed.next() == whole.trials[13]
