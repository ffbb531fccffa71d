"""What is particular to a search that looks for several objectives."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from hpstudy.search.driver import Outcome
from hpstudy.search.scores import Scores
from hpstudy.search.values import Values
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import FloatRange, IntRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
SPACE = {
    "training.length.epochs": 4,
    "training.learning_rate": FloatRange(0.01, 1, log=True),
    "model.width": IntRange(1, 1000, log=True),
    "model.depth": IntRange(1, 8),
}


def late_cost(cell: Cell) -> float:
    """The mean cost of the last trials, where more than 30 units score no better than 30."""
    found, costs = CellSearch(cell, True, lambda config: 4), []
    while (trial := found.next()) is not None:
        rate, width, depth = (float(str(value)) for value in list(trial.config.values())[1:])
        costs.append(int(width * depth))
        outcome = Outcome("finished", min(width, 30) + rate, costs={"trained": costs[-1]})
        found.finish(trial.number, outcome)
    return sum(costs[-20:]) / 20


@pytest.mark.parametrize("sampler", ["tpe", "nsgaii"])
def test_a_cost_draws_a_search_to_what_is_cheap(sampler: str, cell: MakeCell) -> None:
    options = {"startup_trials": 5} if sampler == "tpe" else {"population": 6}
    given = {"trials": 60, "parallel": 1, "sampler_options": options, "seed": 2}
    alone = late_cost(cell(SPACE, sampler, **given))
    both = late_cost(cell(SPACE, sampler, **given, objectives=("score", "trained")))
    assert both < 0.2 * alone


def test_costs_are_told_as_logarithms() -> None:
    told = Values(["trained", "epochs"], None)
    done = Outcome("finished", 0.5, costs={"trained": 99, "epochs": 0})
    assert told.of(done) == [0.5, math.log(100), 0.0]
    for state in ("pruned", "diverged", "failed"):
        assert told.of(Outcome(state, costs={"trained": 1, "epochs": 1})) is None  # type: ignore[arg-type]


def test_what_has_no_score_counts_with_the_worst_of_every_objective() -> None:
    told = Values(["trained"], Scores(maximise=True))
    lost = Outcome("diverged", costs={"trained": 1})
    assert told.of(lost) is None, "nothing is known yet"
    assert told.of(Outcome("finished", 0.9, costs={"trained": 10})) == [0.9, math.log(11)]
    assert told.of(Outcome("finished", 0.5, costs={"trained": 99})) == [0.5, math.log(100)]
    # its one parameter must not put it on the front
    assert told.of(lost) == [0.5, math.log(100)]
    assert told.of(Outcome("failed")) is None
    # over a limit, and so never trained
    assert told.of(Outcome("pruned", costs={"trained": 999})) == [0.5, math.log(100)]
