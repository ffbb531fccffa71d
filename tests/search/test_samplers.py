"""What is particular to one of Optuna's samplers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
import pytest

from hpstudy.errors import HpstudyError
from hpstudy.search.driver import Outcome, Trial
from hpstudy.search.drivers import DRIVERS
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import FloatRange, IntRange
from hpstudy.spec.study import Cell

DRIVER = DRIVERS["optuna"]
SAMPLERS = tuple(DRIVER.samplers)
PRUNERS = tuple(DRIVER.pruners)
MakeCell = Callable[..., Cell]
Play = Callable[..., CellSearch]


def test_options_of_a_choice_that_compare_equal_stay_apart(cell: MakeCell, played: Play) -> None:
    seen = {
        repr(trial.config["model.flag"])
        for trial in played(cell("awkward", "random", trials=40)).trials
    }
    assert seen == {"True", "1", "'1'"}


def test_a_stepped_range_ends_at_the_last_step_inside_it(cell: MakeCell, played: Play) -> None:
    trials = played(cell("awkward", "random", trials=60)).trials
    assert {trial.config["model.width"] for trial in trials} == {1, 5, 9}
    assert {trial.config["training.dropout"] for trial in trials} == {0.1, 0.3, 0.5}


def test_tpe_learns_from_its_history(cell: MakeCell, played: Play) -> None:
    space = {
        "training.length.epochs": 40,
        "training.learning_rate": FloatRange(1e-4, 1e4, log=True),
    }

    def late_distance(sampler: str) -> float:
        """Mean distance from the best rate, in factors of e, of trials 30 to 39 of three seeds."""
        searches = [
            played(cell(space, sampler, trials=40, seed=seed), ending=lambda trial: "finished")
            for seed in (1, 2, 3)
        ]
        return -sum(s.outcomes[n].score or 0.0 for s in searches for n in range(30, 40)) / 30

    # without a history the mean distance is 5
    assert late_distance("random") > 4
    assert late_distance("tpe") < 2.7


@pytest.mark.parametrize("number", [12, 14])
def test_an_ask_sees_what_was_told_and_nothing_later(number: int, cell: MakeCell) -> None:
    def last(changed: int | None) -> dict[str, Any]:
        made = cell("plain", "tpe", trials=15, sampler_options={"startup_trials": 3})
        search = CellSearch(made, True, lambda config: 40)
        while len(search.trials) <= number:
            trial = search.next()
            assert trial is not None
            value = 100.0 if trial.number == changed else float(-trial.number)
            search.finish(trial.number, Outcome("finished", value))
        return search.trials[number].config

    unchanged = last(None)
    for running in range(number - 3, number):
        assert last(running) == unchanged
    assert any(last(told) != unchanged for told in range(2, number - 3))


@pytest.mark.parametrize("sampler", ["random", "grid", "qmc"])
def test_samplers_without_memory_depend_on_the_number_alone(
    sampler: str, cell: MakeCell, played: Play
) -> None:
    made = cell("conditional", sampler, trials=20)
    lucky = played(made, ending=lambda trial: "finished")
    assert played(made, ending=lambda trial: "failed").trials == lucky.trials


def test_a_diverged_trial_is_told_without_values(cell: MakeCell) -> None:
    def trials(state: Any, rungs: dict[int, float]) -> list[Trial]:
        made = cell("plain", "tpe", trials=14, sampler_options={"startup_trials": 3})
        search = CellSearch(made, True, lambda config: 40)
        while (trial := search.next()) is not None:
            odd = trial.number % 2 == 1
            good = Outcome("pruned", None, {10: float(trial.number)})
            search.finish(trial.number, Outcome(state, None, rungs) if odd else good)
        return search.trials

    assert trials("diverged", {10: 99.0}) == trials("diverged", {})
    assert trials("diverged", {}) == trials("pruned", {})
    assert trials("diverged", {}) != trials("failed", {})


@pytest.mark.parametrize(("space", "group"), [("plain", False), ("conditional", True)])
def test_tpe_samples_conditional_ranges_jointly(
    space: str, group: bool, cell: MakeCell, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, Any]] = []

    class Spy(optuna.samplers.TPESampler):
        def __init__(self, **given: Any) -> None:
            made.append(given)
            super().__init__(**given)

    monkeypatch.setattr("hpstudy.search.samplers.TPESampler", Spy)
    search = CellSearch(cell(space, "tpe"), True, lambda config: 40)
    while search.next() is not None:
        pass
    seeds = [given.pop("seed") for given in made]
    assert len(set(seeds)) == 4
    assert all(0 < seed < 2**32 for seed in seeds)
    named = {"n_startup_trials": 10, "n_ei_candidates": 24, "group": group}
    assert all(given == named | {"multivariate": True, "constant_liar": True} for given in made)


def test_a_grid_walks_every_point_once(cell: MakeCell, played: Play) -> None:
    search = played(cell("conditional", "grid", trials=1000, sampler_options={"points": 3}))
    assert search.exhausted == "space exhausted: all 108 points of the grid are proposed"
    # two optimizers, three rates, three momenta or epsilons, six depths
    assert len(search.trials) == 2 * 3 * 3 * 6
    assert all(trial.same_as is None for trial in search.trials)
    rates = {trial.config["training.learning_rate"] for trial in search.trials}
    assert {0.0001, 0.1, 30.0} <= rates
    assert len(rates) == 5


def test_a_grid_that_is_too_large_is_refused(cell: MakeCell) -> None:
    space = {"training.length.epochs": 40, "model.width": IntRange(1, 10**9)}
    with pytest.raises(HpstudyError, match="more than 100,000 points; give ranges a longer step"):
        CellSearch(cell(space, "grid"), True, lambda config: 40)


def test_a_sequence_spreads_better_than_chance(cell: MakeCell, played: Play) -> None:
    space = {"training.length.epochs": 40, "model.share": FloatRange(0.0, 1.0)}
    for sequence in ("sobol", "halton"):
        made = cell(space, "qmc", trials=8, sampler_options={"sequence": sequence})
        shares = [float(trial.config["model.share"]) for trial in played(made).trials]
        assert len({int(share * 4) for share in shares}) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sampler": "tpf"}, "'tpf' is no sampler; did you mean 'tpe'\\?.*random, tpe, grid, qmc"),
        ({"pruner": "ahsa"}, "'ahsa' is no pruner; did you mean 'asha'"),
        (
            {"sampler": "tpe", "sampler_options": {"startup": 3}},
            "'startup' is no option of sampler 'tpe'.*startup_trials",
        ),
        ({"sampler": "grid", "sampler_options": {"points": 1}}, "at least 2, got 1"),
        ({"pruner": "asha", "pruner_options": {"factor": 1.5}}, "at least 2, got 1.5"),
        ({"pruner": "median", "pruner_options": {"rungs": (0.5, 2)}}, "fractions of the length"),
        ({"sampler": "qmc", "sampler_options": {"sequence": "faure"}}, "'sobol' or 'halton'"),
    ],
)
def test_a_wrong_option_says_what_is_allowed(
    change: dict[str, Any], message: str, cell: MakeCell
) -> None:
    with pytest.raises(HpstudyError, match=message):
        CellSearch(cell(**change), True, lambda config: 40)
    search = cell(**change).search
    assert search is not None
    with pytest.raises(HpstudyError, match=message):
        DRIVER.check("sampler", search.sampler, search.sampler_options)
        DRIVER.check("pruner", search.pruner, search.pruner_options)
