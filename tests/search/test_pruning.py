"""Rungs, and decisions that are Optuna's own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import optuna
import pytest

from hpstudy.search.driver import Outcome
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import FloatRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
SPACE = {"training.length.epochs": 100, "model.share": FloatRange(0.0, 1.0)}


@pytest.mark.parametrize(
    ("pruner", "given", "length", "rungs"),
    [
        ("none", {}, 100, ()),
        ("asha", {}, 20, (5,)),
        ("asha", {}, 100, (25,)),
        ("asha", {}, 21, (6,)),
        ("asha", {}, 5, ()),
        ("asha", {}, 6, (5,)),
        ("asha", {"factor": 2}, 100, (25, 50)),
        ("asha", {"factor": 2}, 12, (5, 10)),
        ("asha", {"rungs": (0.1, 0.4), "first_epoch": 1}, 30, (3, 12)),
        ("asha", {"rungs": (0.99,)}, 20, ()),
        ("median", {}, 100, (25, 50, 75)),
        ("median", {}, 12, (5, 6, 9)),
        ("median", {}, 8, (5, 6)),
        ("median", {"first_epoch": 1}, 8, (2, 4, 6)),
        ("median", {}, 4, ()),
    ],
)
def test_rungs_are_fractions_of_the_length(
    pruner: str, given: dict[str, Any], length: int, rungs: tuple[int, ...], cell: MakeCell
) -> None:
    made = cell(SPACE, pruner=pruner, pruner_options=given)
    search = CellSearch(made, True, lambda config: length)
    search.next()
    assert search.rungs(0) == rungs


@pytest.mark.parametrize("maximise", [True, False])
@pytest.mark.parametrize(
    ("pruner", "given", "theirs"),
    [
        (
            "asha",
            {"rungs": (0.05, 0.2, 0.8)},
            optuna.pruners.SuccessiveHalvingPruner(min_resource=5, reduction_factor=4),
        ),
        (
            "asha",
            {"rungs": (0.1, 0.2, 0.4, 0.8), "factor": 2},
            optuna.pruners.SuccessiveHalvingPruner(min_resource=10, reduction_factor=2),
        ),
        ("median", {}, optuna.pruners.MedianPruner(n_startup_trials=5)),
    ],
)
def test_one_at_a_time_decides_as_an_optuna_study(
    pruner: str,
    given: dict[str, Any],
    theirs: optuna.pruners.BasePruner,
    maximise: bool,
    cell: MakeCell,
) -> None:
    made = cell(SPACE, pruner=pruner, pruner_options=given, trials=40, parallel=1)
    search = CellSearch(made, maximise, lambda config: 100)
    study = optuna.create_study(direction="maximize" if maximise else "minimize", pruner=theirs)
    rng, states = Random(0), []
    while not search.done:
        ours, trial = search.next(), study.ask()
        assert ours is not None
        values, state, rungs = rng.random(), "finished", {}
        for epoch in search.rungs(ours.number):
            value = values + 0.3 * rng.random()
            rungs[epoch] = value
            trial.report(value, epoch)
            pruned = search.report(ours.number, epoch, value)
            assert pruned == trial.should_prune()
            if pruned:
                state = "pruned"
                break
        if state == "pruned":
            search.finish(ours.number, Outcome("pruned", None, rungs))
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            search.finish(ours.number, Outcome("finished", values, rungs))
            study.tell(trial, values)
        states.append(state)
    assert 5 <= states.count("pruned") < 40


def test_runs_of_different_length_meet_at_the_same_rung(cell: MakeCell) -> None:
    def length(config: dict[str, Any]) -> int:
        return 40 if float(config["model.share"]) < 0.5 else 80

    search = CellSearch(cell(SPACE, pruner="asha", parallel=1, trials=12), True, length)
    answers = {}
    for number in range(12):
        trial = search.next()
        assert trial is not None
        (epoch,) = search.rungs(number)
        assert epoch == length(trial.config) // 4
        # ever worse, so nobody after the first is kept: all are compared with it
        answers[number] = search.report(number, epoch, -float(number))
        state = "pruned" if answers[number] else "finished"
        score = None if answers[number] else 0.0
        search.finish(number, Outcome(state, score, {epoch: -float(number)}))
    assert len({length(trial.config) for trial in search.trials}) == 2
    assert answers[0] is False
    assert [answers[number] for number in range(1, 7)] == [True] * 6


def test_diverged_trials_compete_at_no_rung(cell: MakeCell) -> None:
    search = CellSearch(cell(SPACE, pruner="asha", parallel=1), True, lambda config: 100)
    search.next()
    search.finish(0, Outcome("diverged", None, {25: 9.0}))
    search.next()
    assert search.report(1, 25, 0.1) is False
    search.finish(1, Outcome("finished", 0.1, {25: 0.1}))
    search.next()
    assert search.report(2, 25, 0.05) is True
