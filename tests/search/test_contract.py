"""What every sampler, oracle and pruner owes a study, with one objective and with several."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.search.drivers import DRIVERS
from hpstudy.search.options import TABLES
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import Choice, FloatRange, IntRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
Play = Callable[..., CellSearch]
ENGINES = [
    (driver, name)
    for driver, one in DRIVERS.items()
    for name in one.samplers
    # cmaes and torch are extras
    if one.missing(name, "none") is None
]
PRUNERS = tuple(DRIVERS["optuna"].pruners)
# Hyperband is an oracle and a pruner in one
ALONE = ("keras_tuner", "hyperband")
SEARCHES = [
    (*engine, pruner)
    for engine in ENGINES
    for pruner in (PRUNERS if engine[1] == "tpe" else ("none", "asha"))
    if engine != ALONE or pruner == "none"
]
# with a cost besides the score, which no pruner takes
SEVERAL = [
    ("optuna", name, "none", "trained")
    for name in DRIVERS["optuna"].several
    if ("optuna", name) in ENGINES
]
# the first trials of these are draws; few of them, so that a short search gets beyond
EARLY = {"tpe": 4, "gp": 7, "bayesian": 6}


def listed(names: tuple[str, ...]) -> Any:
    """A parameter set; what takes seconds for an ask is slow."""
    return pytest.param(names, id="-".join(names), marks=pytest.mark.slow if "gp" in names else ())


over_engines = pytest.mark.parametrize("engine", [listed(one) for one in [*ENGINES, *SEVERAL]])
over_searches = pytest.mark.parametrize("search", [listed(one) for one in [*SEARCHES, *SEVERAL]])


@pytest.fixture(scope="module", autouse=True)
def short_sighted() -> Iterator[None]:
    """A Gaussian process that looks at 50 points instead of climbing from each, for speed."""
    from scipy import optimize

    def look(function: Any, x0: Any, **given: Any) -> Any:
        at = function(x0)
        found = {"x": x0, "fun": at[0] if given.get("jac") else at, "nit": 1, "status": 0}
        return optimize.OptimizeResult(found, success=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimize, "minimize", look)
        yield


@pytest.fixture(scope="session")
def made(cell: MakeCell) -> MakeCell:
    """A cell of a search: `made(('optuna', 'tpe', 'asha'), 'plain', 12)`, with any costs last."""

    def make(search: tuple[str, ...], space: Any, trials: int, **given: Any) -> Cell:
        driver, sampler, *more = search
        pruner, *costs = more or ["none"]
        options = {"startup_trials": EARLY[sampler]} if sampler in EARLY else {}
        named = {"driver": driver, "sampler_options": options, **given}
        if costs:
            named["objectives"] = ("score", *costs)
        return cell(space, sampler, pruner, trials=trials, **named)

    return make


def test_every_name_has_its_options() -> None:
    for driver in DRIVERS.values():
        assert set(driver.samplers) == set(TABLES[driver.word])
        assert set(driver.pruners) == set(TABLES["pruner"])
        assert driver.default in driver.samplers


@pytest.mark.parametrize("space", ["plain", "conditional", "awkward"])
@over_engines
def test_trials_lie_inside_the_space(
    engine: tuple[str, str], space: str, made: MakeCell, played: Play
) -> None:
    if engine == ALONE and space == "awkward":
        pytest.skip("its length is searched, which Hyperband refuses")
    cell = made(engine, space, 25)
    search = played(cell)
    assert len(search.trials) == 25
    for trial in search.trials:
        asked = dict(cell.settings)
        optimizer = asked.get("training.optimizer")
        if isinstance(optimizer, Choice):
            word = trial.config["training.optimizer"]
            asked |= optimizer.branches[word]
            asked.pop("training.adam_epsilon" if word == "sgd" else "training.momentum")
        assert trial.config.keys() == asked.keys()
        for key, value in asked.items():
            assert contains(value, trial.config[key]), (key, trial.config[key])


def contains(asked: Any, value: Any) -> bool:
    if isinstance(asked, Choice):
        return any(value is option or value == option for option in asked.options)
    if isinstance(asked, IntRange):
        on_step = type(value) is int and (value - asked.low) % asked.step == 0
        return on_step and asked.low <= value <= asked.high
    if isinstance(asked, FloatRange):
        steps = 0.0 if asked.step is None else (value - asked.low) / asked.step
        on_step = abs(steps - round(steps)) < 1e-9
        return type(value) is float and on_step and asked.low <= value <= asked.high
    return bool(value == asked)


@over_searches
def test_the_seed_decides_everything(search: tuple[str, ...], made: MakeCell, played: Play) -> None:
    first = played(made(search, "conditional", 12))
    again = played(made(search, "conditional", 12))
    assert first.trials == again.trials
    assert first.outcomes == again.outcomes
    if search[:2] == ("keras_tuner", "grid"):
        return  # it goes through the space in order, which no seed changes
    for change in ({"seed": 0}, {"arm": "full"}, {"point": {"model.depth": 5}}):
        other = played(made(search, "conditional", 12, **change))
        assert [t.config for t in other.trials] != [t.config for t in first.trials]


@over_searches
@settings(max_examples=3, deadline=None)
@given(rng=st.randoms(use_true_random=False))
def test_any_order_of_finishing_gives_the_same_trials(
    search: tuple[str, ...], made: MakeCell, played: Play, rng: Random
) -> None:
    cell = made(search, "conditional", 16)
    in_turn, jumbled = played(cell), played(cell, rng)
    assert jumbled.trials == in_turn.trials
    assert jumbled.outcomes == in_turn.outcomes


@over_searches
def test_growing_equals_asking_for_more_at_once(
    search: tuple[str, ...], made: MakeCell, played: Play
) -> None:
    small, large = played(made(search, "plain", 16)), played(made(search, "plain", 24))
    assert large.trials[:16] == small.trials
    assert {n: large.outcomes[n] for n in range(16)} == small.outcomes


@over_engines
def test_a_search_interrupted_anywhere_goes_on_the_same(
    engine: tuple[str, str], made: MakeCell, played: Play
) -> None:
    cell = made(engine, "conditional", 14)
    whole = played(cell, Random(3))
    for kept in range(len(whole.trials)):
        # the one after it may have finished too, before it was told
        known = {*range(kept), kept + 1}
        resumed = CellSearch(cell, True, lambda config: 40)
        while (trial := resumed.next()) is not None:
            if trial.number in known:
                resumed.finish(trial.number, whole.outcomes[trial.number])
        asked = len(resumed.trials)
        assert asked > kept
        assert resumed.trials == whole.trials[:asked]
        assert [resumed.rungs(n) for n in range(asked)] == [whole.rungs(n) for n in range(asked)]


@pytest.mark.parametrize("state", ["failed", "diverged"])
@over_searches
def test_a_search_in_which_nothing_succeeds_still_ends(
    search: tuple[str, ...], state: str, made: MakeCell, played: Play
) -> None:
    found = played(made(search, "conditional", 14), ending=lambda trial: state)
    assert len(found.trials) == 14
    assert {outcome.state for outcome in found.outcomes.values()} <= {state, "pruned"}


@over_engines
def test_a_space_that_is_used_up_ends_the_search(
    engine: tuple[str, str], made: MakeCell, played: Play
) -> None:
    space = {"training.length.epochs": 40, "model.depth": IntRange(1, 2)}
    search = played(made(engine, space, 60))
    assert search.done
    assert search.exhausted is not None
    assert search.exhausted.startswith("space exhausted: ")
    assert {trial.config["model.depth"] for trial in search.trials} == {1, 2}
    if len(search.trials) > 2:
        assert [trial.same_as is None for trial in search.trials[-11:]].count(True) <= 1
        assert all(trial.same_as is not None for trial in search.trials[-10:])
    for trial in search.trials:
        if trial.same_as is not None:
            assert search.outcomes[trial.number] == search.outcomes[trial.same_as]
            assert search.trials[trial.same_as].same_as is None
