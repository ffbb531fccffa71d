"""What is particular to Keras Tuner's oracles, and the bugs that a study must not meet."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpstudy.errors import HpstudyError
from hpstudy.search.brackets import brackets, schedule
from hpstudy.search.driver import Driver, Outcome, Waits
from hpstudy.search.drivers import DRIVERS
from hpstudy.search.keras_tuner import build
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import Choice, FloatRange, IntRange, Range
from hpstudy.spec.study import Cell
from tests.test_backends import PLUGIN, TENSORFLOW, TWO, machine

MakeCell = Callable[..., Cell]
Play = Callable[..., CellSearch]
UNKNOWN: dict[str, Any] = {"training.length.epochs": 40}


@pytest.fixture
def oracle(cell: MakeCell) -> MakeCell:
    """A cell of an oracle: `oracle('hyperband', 'plain', 12)`."""

    def make(name: str, space: Any = "plain", trials: int = 12, **given: Any) -> Cell:
        return cell(space, name, trials=trials, driver="keras_tuner", **given)

    return make


def test_options_that_compare_equal_stay_apart(oracle: MakeCell, played: Play) -> None:
    trials = played(oracle("random", "awkward", 40)).trials
    assert {repr(trial.config["model.flag"]) for trial in trials} == {"True", "1", "'1'"}
    assert {trial.config["training.schedule.at"] for trial in trials} == {(0.7, 0.9), (0.5,), None}


def test_a_seed_of_zero_is_a_seed(oracle: MakeCell, played: Play) -> None:
    first, again = (played(oracle("random", trials=6, seed=0)).trials for _ in range(2))
    assert first == again
    assert first != played(oracle("random", trials=6, seed=1)).trials


def test_a_grid_walks_every_point_once_and_in_order(oracle: MakeCell, played: Play) -> None:
    made = oracle("grid", "conditional", 1000, sampler_options={"points": 3}, parallel=5)
    search = played(made)
    assert search.exhausted == "space exhausted: nothing new is left after 108 trials"
    assert all(trial.same_as is None for trial in search.trials)
    depths = [trial.config["model.depth"] for trial in search.trials]
    assert depths == [1, 2, 3, 4, 5, 6] * 18
    assert [t.config["training.optimizer"] for t in search.trials] == ["sgd"] * 54 + ["adam"] * 54


def test_a_grid_fills_its_window(oracle: MakeCell) -> None:
    search = CellSearch(oracle("grid", "conditional", parallel=5), True, lambda config: 40)
    assert [search.next() is not None for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("length", [1, 5, 9, 20, 27, 81, 100])
def test_brackets_are_those_of_keras_tuner(length: int, factor: int) -> None:
    from keras_tuner.oracles import HyperbandOracle

    theirs = HyperbandOracle("val_loss", max_epochs=length, factor=factor)
    ours = brackets(length, factor, first_epoch=1)
    assert len(ours) == theirs._get_num_brackets()
    for number, bracket in enumerate(reversed(ours)):
        assert len(bracket) == theirs._get_num_rounds(number)
        for turn, one in enumerate(bracket):
            assert one.epochs == theirs._get_epochs(number, turn)
            # theirs rounds 4 / 3 * 3 ** 2 up to 13 where the sum is off by one bit
            assert one.trials in (size := theirs._get_size(number, turn), size - 1)


def test_no_round_is_shorter_than_the_first_epoch() -> None:
    for length in range(1, 200):
        for bracket in brackets(length, 3, 5):
            assert all(one.epochs >= min(5, length) for one in bracket)
            assert [one.epochs for one in bracket] == sorted({one.epochs for one in bracket})
            assert bracket[-1].epochs == length


@pytest.mark.parametrize("bad", ["none", "failed", "diverged"])
def test_hyperband_promotes_the_best_even_where_trials_go_wrong(
    bad: str, oracle: MakeCell, played: Play
) -> None:
    (first, second), *_ = brackets(40, 3, 8)
    assert (first.trials, second.trials) == (5, 2)
    made = oracle("hyperband", "plain", 12, sampler_options={"first_epoch": 8}, parallel=1)
    search = CellSearch(made, True, lambda config: 40)
    scores = {}
    while (trial := search.next()) is not None:
        number, rungs = trial.number, search.rungs(trial.number)
        assert trial.same_as is None
        # the first three of five go wrong, so that only two of the next round can be promoted
        if number < 3 and bad != "none":
            search.finish(number, Outcome(bad))  # type: ignore[arg-type]
            continue
        scores[number] = float(number % 4)
        if rungs:
            assert search.report(number, rungs[0], scores[number])
            search.finish(number, Outcome("pruned", None, {rungs[0]: scores[number]}))
        else:
            search.finish(number, Outcome("finished", scores[number]))
    ends = [search.rungs(number) or (40,) for number in range(12)]
    assert ends == [(14,)] * 5 + [(40,)] * 2 + [(40,)] * 3 + [(14,)] * 2
    promoted = [search.trials[number].config for number in (5, 6)]
    ranked = sorted(range(5), key=lambda number: -scores.get(number, -9.0))
    assert promoted == [search.trials[number].config for number in ranked[:2]]


@pytest.mark.parametrize(
    ("space", "given", "message"),
    [
        ("plain", {"pruner": "asha"}, "so pruner asha has no part in it"),
        ("awkward", {}, "every run needs the same number of them"),
        ("plain", {"trials": 5}, "search.trials is 5, too few .* allowed: 6 and more"),
        ("plain", {"trials": 5, "parallel": 1}, "with 1 at a time .* allowed: 6 and more"),
        ("plain", {"budget_epochs": 109}, "epochs is 109, too few .* allowed: 110 and more"),
    ],
)
def test_what_hyperband_cannot_search_is_refused(
    space: str, given: dict[str, Any], message: str, oracle: MakeCell
) -> None:
    import re

    refuses = DRIVERS["keras_tuner"].refuses
    made = oracle("hyperband", space, **{"sampler_options": {"first_epoch": 8}, **given})
    said = refuses(made, {})
    assert said is not None
    assert re.search(message, said)
    assert refuses(oracle("hyperband", trials=40), {}) is None
    assert refuses(oracle("random", space, **given), {}) is None


# epochs of the first round, and of the promotion after it
WHOLE, GOES_ON = 5 * 14 + 40, 5 * 14 + 26


@pytest.mark.parametrize(
    ("engine", "gpus", "installed", "need"),
    [
        ({"backend": "jax"}, TWO, TENSORFLOW, GOES_ON),
        ({"devices": "cpu"}, TWO, TENSORFLOW, GOES_ON),
        ({"backend": "tensorflow"}, (), TENSORFLOW, WHOLE),
        ({}, (), TENSORFLOW, GOES_ON),
        ({}, TWO, PLUGIN, GOES_ON),
        ({}, TWO, TENSORFLOW, WHOLE),
    ],
)
def test_the_least_budget_has_whole_promotions_unless_the_engine_is_known_to_go_on(
    engine: dict[str, Any],
    gpus: tuple[str, ...],
    installed: str,
    need: int,
    oracle: MakeCell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # it is not asked what TensorFlow sees
    here = machine(installed, devices=gpus)
    monkeypatch.setattr("hpstudy.search.drivers.Machine.here", lambda: here)

    def said(budget: int) -> str | None:
        given: dict[str, Any] = {"sampler_options": {"first_epoch": 8}, "parallel": 1}
        made = oracle("hyperband", "plain", budget_epochs=budget, **given)
        return DRIVERS["keras_tuner"].refuses(made, engine)

    assert said(need) is None
    other = f", or {GOES_ON} and more with engine: {{backend: jax}}" if need == WHOLE else ""
    assert (said(need - 1) or "").endswith(f"allowed: {need} and more{other}")


@pytest.mark.parametrize(("last", "fits"), [(1, False), (2, True)])
def test_a_space_that_cannot_fill_the_first_round_is_refused(
    last: int, fits: bool, oracle: MakeCell
) -> None:
    branches: Any = {"sgd": {"model.width": IntRange(8, 24, step=8)}}
    space: dict[str, Any] = {
        "training.length.epochs": 40,
        "training.optimizer": Choice(("sgd", "adam"), branches),
        # adam's, as `CONDITIONS` say
        "training.adam_epsilon": IntRange(1, last, log=True),
    }
    made = oracle("hyperband", space, sampler_options={"first_epoch": 8})
    said = DRIVERS["keras_tuner"].refuses(made, {})
    expected = "the space has 4 configurations, too few for hyperband, whose first round trains 5"
    assert (said is None) if fits else (said or "").startswith(expected)


def test_bayesian_learns_from_its_history(oracle: MakeCell, played: Play) -> None:
    space = {**UNKNOWN, "training.learning_rate": FloatRange(1e-4, 1e4, log=True)}
    given = {"parallel": 1, "seed": 2, "sampler_options": {"startup_trials": 6}}
    search = played(oracle("bayesian", space, 12, **given), ending=lambda trial: "finished")
    # in factors of e; a draw comes as near in one trial of fifty
    assert all(-(search.outcomes[n].score or 0.0) < 0.2 for n in range(9, 12))


def test_bayesian_leaves_where_trials_diverge(oracle: MakeCell, played: Play) -> None:
    space = {**UNKNOWN, "training.learning_rate": FloatRange(0.0, 1.0)}
    made = oracle("bayesian", space, 12, parallel=1, sampler_options={"startup_trials": 7})

    def ending(trial: Any) -> str:
        return "diverged" if trial.config["training.learning_rate"] > 0.3 else "finished"

    search = played(made, ending=ending)
    states = [search.outcomes[n].state for n in range(12)]
    assert states[:7].count("diverged") >= 3
    assert states[9:].count("diverged") <= 1


def test_an_oracle_that_raises_is_told_and_lets_go_of_its_lock(
    oracle: MakeCell, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = build(oracle("random"), True)
    with monkeypatch.context() as broken:
        broken.setattr("hpstudy.search.oracles.Random.populate_space", lambda *given: 1 / 0)
        said = "depth=3: Keras Tuner's oracle random raised in create_trial, trial 0: ZeroDiv"
        with pytest.raises(HpstudyError, match=said):
            driver.begin(0)
    other = threading.Thread(target=driver.begin, args=(0,), daemon=True)
    other.start()
    other.join(timeout=20)
    assert not other.is_alive()


def test_nothing_is_written(
    oracle: MakeCell, played: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("random", "grid", "hyperband"):
        played(oracle(name))
    assert os.listdir(tmp_path) == []


UNITS = ("units_0", "units_1", "units_2")


def built(ask: Callable[[str, Range], Any]) -> dict[str, Any]:
    """What a hypermodel asks for whose layers are a loop: two parameters or up to four."""
    found = {"layers": ask("layers", IntRange(1, 3))}
    for name in UNITS[: found["layers"]]:
        found[name] = ask(name, IntRange(8, 64, step=8))
    return {**found, "norm": ask("norm", Choice((True, False)))}


def discovered(driver: Driver, trials: int) -> list[dict[str, Any]]:
    """What a window of three is answered over a space that only its trials know."""
    found: list[dict[str, Any]] = []
    told = 0

    def tell() -> None:
        nonlocal told
        driver.tell(told, Outcome("finished", float(found[told]["layers"])))
        told += 1

    while len(found) < trials:
        if told < len(found) - 2:
            tell()
        try:
            found.append(built(driver.begin(len(found))))
        except Waits:
            if told == len(found):
                break
            tell()
    return found


@pytest.mark.parametrize("name", ["random", "hyperband"])
def test_parameters_may_be_met_in_the_middle_of_a_trial(name: str, oracle: MakeCell) -> None:
    made = oracle(name, UNKNOWN)
    first = discovered(build(made, True), 24)
    assert first == discovered(build(made, True), 24)
    assert len({str(one) for one in first}) > 8
    assert {one["layers"] for one in first} >= {1, 2}
    assert {one["norm"] for one in first} == {True, False}
    assert all(type(one["norm"]) is bool for one in first)
    for one in first:
        assert set(one) == {"layers", "norm", *UNITS[: one["layers"]]}
        assert all(one[name] in range(8, 65, 8) for name in UNITS[: one["layers"]])


def test_answers_do_not_depend_on_what_other_trials_meet_meanwhile(oracle: MakeCell) -> None:
    def answers(order: list[int]) -> dict[int, Any]:
        driver = build(oracle("random", UNKNOWN), True)
        asks = {number: driver.begin(number) for number in (0, 1, 2)}
        return {number: built(asks[number]) for number in order}

    assert answers([0, 1, 2]) == answers([2, 0, 1]) == answers([1, 2, 0])


def test_one_name_has_one_range(oracle: MakeCell) -> None:
    driver = build(oracle("random", UNKNOWN), True)
    driver.begin(0)("units", IntRange(1, 8))
    driver.tell(0, Outcome("finished", 1.0))
    with pytest.raises(HpstudyError, match="units is asked for with the range .*high=9.*high=8"):
        driver.begin(1)("units", IntRange(1, 9))


def test_only_this_driver_imports_keras() -> None:
    code = (
        "import sys, hpstudy.study, hpstudy.search.window, hpstudy.search.optuna\n"
        "print(sorted({'keras', 'keras_tuner', 'jax'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("parallel", "first_epoch"), [(1, 8), (4, 2), (7, 5)])
def test_hyperband_keeps_to_its_schedule_and_to_the_states_that_it_may_need(
    parallel: int, first_epoch: int, oracle: MakeCell
) -> None:
    given: dict[str, Any] = {"sampler_options": {"first_epoch": first_epoch}, "parallel": parallel}
    search = CellSearch(oracle("hyperband", "plain", 60, **given), True, lambda config: 40)
    planned = schedule(brackets(40, 3, first_epoch), 60, parallel)
    held: set[int] = set()
    while not search.done:
        while (trial := search.next()) is not None:
            number = trial.number
            ends = search.rungs(number) or (40,)
            assert planned[number] == (search.begins(number), *ends)
            if search.begins(number):
                before = [n for n in held if search.trials[n].config == trial.config]
                assert search.begins(number) in [search.rungs(n)[0] for n in before]
        number = min(n for n in range(len(search.trials)) if n not in search.outcomes)
        value, rungs = float(number * 7 % 11), search.rungs(number)
        rung = {rungs[0]: value} if rungs else {}
        ended = "pruned" if rungs else "finished"
        search.finish(number, Outcome(ended, value, rung, (*rungs, 40)[0]))  # type: ignore[arg-type]
        held = {n for n in search.promotable() if n in search.outcomes}
        # no more than the brackets that are open could still promote
        assert len(held) <= 2 * sum(one.trials for one in brackets(40, 3, first_epoch)[0])


def test_what_has_no_state_is_promoted_from_its_start(oracle: MakeCell) -> None:
    made = oracle("hyperband", "plain", 7, sampler_options={"first_epoch": 8}, parallel=1)
    search = CellSearch(made, True, lambda config: 40)
    while search.next() is not None:
        number = len(search.trials) - 1
        search.finish(number, Outcome("diverged") if number < 5 else Outcome("finished", 1.0))
    assert [search.begins(number) for number in range(7)] == [0] * 7
