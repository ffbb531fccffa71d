"""Rungs, and decisions that are Optuna's own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import optuna
import pytest

from hpstudy.search.driver import Outcome
from hpstudy.search.drivers import DRIVERS
from hpstudy.search.pruners import Brackets
from hpstudy.search.quiet import quiet
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import FloatRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]


def patient(of: optuna.pruners.BasePruner, patience: int) -> optuna.pruners.BasePruner:
    with quiet():
        return optuna.pruners.PatientPruner(of, patience=patience)


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
        ("percentile", {}, 100, (25, 50, 75)),
        ("patient", {}, 100, (10, 20, 30, 40, 50, 60, 70, 80, 90)),
        ("patient", {}, 12, (5, 6, 8, 9, 10, 11)),
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
        (
            "percentile",
            {"percentile": 40.0},
            optuna.pruners.PercentilePruner(40.0, n_startup_trials=5),
        ),
        (
            "patient",
            {"patience": 2, "startup_trials": 3},
            patient(optuna.pruners.MedianPruner(n_startup_trials=3), patience=2),
        ),
        (
            "hyperband",
            {},
            optuna.pruners.HyperbandPruner(min_resource=11, max_resource=100, reduction_factor=3),
        ),
    ],
)
def test_one_at_a_time_decides_as_an_optuna_study(
    pruner: str,
    given: dict[str, Any],
    theirs: optuna.pruners.BasePruner,
    maximise: bool,
    cell: MakeCell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = cell(SPACE, pruner=pruner, pruner_options=given, trials=40, parallel=1)
    search = CellSearch(made, maximise, lambda config: 100)
    if isinstance(theirs, optuna.pruners.HyperbandPruner):
        # theirs follows from the study's name, ours from the seed of the search
        own = Brackets(made, made.search, maximise, 3, 5)
        monkeypatch.setattr(
            theirs, "_get_bracket_id", lambda study, trial: own.bracket(trial.number)
        )
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


def test_hyperband_spreads_trials_over_its_brackets(cell: MakeCell) -> None:
    made = cell(SPACE, pruner="hyperband", trials=400)
    search = CellSearch(made, True, lambda config: 100)
    seen: list[tuple[int, ...]] = []
    while (trial := search.next()) is not None:
        seen.append(search.rungs(trial.number))
        search.finish(trial.number, Outcome("failed"))
    # a bracket of more rungs starts more trials, each on fewer epochs: 9, 5 and 3 of 17
    shares = {rungs: seen.count(rungs) / 400 for rungs in set(seen)}
    assert set(shares) == {(12, 34), (34,), ()}
    assert shares[12, 34] == pytest.approx(9 / 17, abs=0.08)
    assert shares[()] == pytest.approx(3 / 17, abs=0.06)


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


@pytest.mark.parametrize("driver", DRIVERS)
def test_hyperband_needs_runs_of_one_length(driver: str, cell: MakeCell) -> None:
    refuses = DRIVERS[driver].refuses
    said = refuses(cell("awkward", pruner="hyperband", driver=driver), {})
    assert said is not None
    assert "every run needs the same number of them" in said
    assert refuses(cell("plain", pruner="hyperband", driver=driver), {}) is None
    assert refuses(cell("awkward", pruner="asha", driver=driver), {}) is None
