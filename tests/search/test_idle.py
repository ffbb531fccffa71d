"""What could stop trials early and never will, for the length of its runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hpstudy.search import pruners
from hpstudy.search.driver import Outcome
from hpstudy.search.idle import idle
from hpstudy.search.options import PRUNER_OPTIONS
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import FloatRange, IntRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]


def epochs(length: Any) -> dict[str, Any]:
    return {"training.length.epochs": length}


@pytest.mark.parametrize("pruner", sorted(PRUNER_OPTIONS))
def test_a_pruner_is_idle_exactly_where_no_trial_has_a_rung(pruner: str, cell: MakeCell) -> None:
    for length in range(1, 25):
        made = cell(epochs(length), pruner=pruner)
        build = pruners.build(made, True)
        rungs = any(build.rungs(number, length) for number in range(40))
        assert (idle(made) is None) == (rungs or pruner == "none"), length


def test_it_says_what_is_in_the_way_and_what_would_do(cell: MakeCell) -> None:
    assert idle(cell(epochs(5), pruner="asha")) == (
        "pruner",
        "pruner asha stops no trial: its first_epoch is 5 and runs have 5 epochs, which would "
        "have to be 6 and more; lower first_epoch, or leave `pruner` out",
    )
    made = cell(epochs(10), "hyperband", driver="keras_tuner", trials=40)
    key, words = idle(made) or ("", "")
    assert key == "oracle" and "would have to be 15 and more" in words
    assert idle(cell(epochs(15), "hyperband", driver="keras_tuner")) is None


def test_the_longest_run_counts_and_an_unknown_length_does_not(cell: MakeCell) -> None:
    assert idle(cell(epochs(IntRange(2, 9)), pruner="asha")) is None
    assert idle(cell(epochs(IntRange(2, 5)), pruner="asha")) is not None
    assert idle(cell({}, pruner="asha")) is None


def stopped(made: Cell) -> list[int]:
    """The trials that stop at a rung where each is worse than the ones before."""
    search, found = CellSearch(made, True, lambda config: 20), []
    while (trial := search.next()) is not None:
        number = trial.number
        first, *_ = search.rungs(number)
        if search.report(number, first, -float(number)):
            found.append(number)
        search.finish(number, Outcome("finished", -float(number), {first: -float(number)}))
    return found


@pytest.mark.parametrize("pruner", ["median", "percentile"])
@pytest.mark.parametrize(("startup", "parallel"), [(5, 4), (5, 1), (3, 2), (1, 6)])
def test_a_search_too_short_for_startup_trials_stops_none(
    pruner: str, startup: int, parallel: int, cell: MakeCell
) -> None:
    space = {**epochs(20), "model.share": FloatRange(0.0, 1.0)}
    taken = {"startup_trials": startup}
    for trials in range(1, 14):
        made = cell(space, "random", pruner, trials, parallel=parallel, pruner_options=taken)
        assert (idle(made) is None) == bool(stopped(made)), trials


def test_it_says_how_many_trials_would_do(cell: MakeCell) -> None:
    assert idle(cell(epochs(20), "tpe", "median", 8)) == (
        "pruner",
        "pruner median stops no trial: it waits for 5 finished trials, and the last of 8 knows of "
        "4 at most (parallel 4); make them 9 and more, lower startup_trials, or leave `pruner` out",
    )
    assert idle(cell({}, "tpe", "patient", 8)) is not None
    # a driver that waits for results may know of all trials before
    for driver, sampler in (("keras_tuner", "bayesian"), ("optuna", "grid")):
        assert idle(cell(epochs(20), sampler, "median", 6, driver=driver)) is None
        assert idle(cell(epochs(20), sampler, "median", 5, driver=driver)) is not None
