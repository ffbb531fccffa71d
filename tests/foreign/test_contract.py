"""Every contract hypermodel under every driver: its space, its subset, its repetition."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from hpstudy.spec.foreign import HP
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import Choice
from hpstudy.spec.study import Spec

# what searches, and for how many trials
DRIVERS = {
    "tpe": ("sampler: tpe", 12),
    "random oracle": ("driver: keras_tuner, oracle: random", 12),
    "bayesian oracle": ("driver: keras_tuner, oracle: bayesian", 3),
}
# name -> who trains it, and the parameters that every trial asks for
CONTRACT: dict[str, tuple[str, set[str]]] = {
    "per_layer": ("compiled engine", {"depth", "units_0", "learning_rate"}),
    "Conditional": ("compiled engine", {"kind", "units", "bias", "relu", "learning_rate"}),
    "subclassed": ("compiled engine", {"units", "learning_rate"}),
    "BatchSize": ("compiled engine", {"units", "batch_size"}),
    "TwoInputs": ("model.fit", {"units", "learning_rate"}),
    "own_step": ("model.fit", {"units", "learning_rate"}),
    "OwnLoop": ("model.fit", {"depth", "units_0", "learning_rate", "batch_size"}),
}
TRAINING = {"BatchSize": "{length: {epochs: 2}}", "OwnLoop": "{}"}


@pytest.fixture
def one(load: Callable[..., Spec]) -> Callable[..., Spec]:
    def loaded(name: str, **changes: Any) -> Spec:
        return load(
            name, **{"training": TRAINING[name], **changes} if name in TRAINING else changes
        )

    return loaded


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", CONTRACT)
def test_every_value_is_one_that_keras_tuner_could_draw(
    name: str, driver: str, one: Callable[..., Spec], worker: Any
) -> None:
    search, trials = DRIVERS[driver]
    if name == "OwnLoop":
        trials = 1  # its discovery trains
    driven = worker.drive(one(name, trials=trials, search=search), trains=False)
    assert len(driven.configs) == trials
    for config, space in zip(driven.configs, driven.spaces, strict=True):
        asked = [Registered.of({k: v for k, v in a.items() if k != "range"}) for a in space]
        names = [registered.name for registered in asked]
        assert CONTRACT[name][1] <= set(names) and len(set(names)) == len(names)
        for registered in asked:
            value = config[f"{HP}{registered.name}"]
            assert value in possible(registered) or between(registered, value), registered
            for parent, allowed in registered.conditions:
                assert config[f"{HP}{parent}"] in allowed
    assert trials == 1 or len({str(config) for config in driven.configs}) > 1


def test_what_fit_asks_for_is_told_from_what_build_does(
    one: Callable[..., Spec], worker: Any
) -> None:
    (space,) = worker.drive(one("BatchSize", trials=1), trains=False).spaces
    assert {asked["name"]: asked["built"] for asked in space} == {
        "units": True,
        "batch_size": False,
    }


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", ["Conditional", "BatchSize"])
def test_a_search_repeats(name: str, driver: str, one: Callable[..., Spec], worker: Any) -> None:
    search, trials = DRIVERS[driver]
    study = one(name, trials=trials, search=search)
    first, second = (worker.drive(study, trains=False) for _ in range(2))
    assert first.configs == second.configs
    assert first.spaces == second.spaces


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n == "OwnLoop" else n for n in CONTRACT],
)
def test_it_trains_and_the_run_says_by_what(
    name: str, one: Callable[..., Spec], worker: Any
) -> None:
    driven = worker.drive(one(name, trials=1), confirm=True)
    (record,), (result,) = driven.records, driven.results
    assert record["status"] == "finished", record["reason"]
    assert record["numerics"]["trained_by"] == CONTRACT[name][0], record["numerics"]
    assert record["score"] > 0.2
    assert record["metrics"]["test_accuracy"] > 0.2
    again = worker.train(driven.configs[0], confirm=True)
    for path, value in result.arrays.items():
        assert np.array_equal(value, again.arrays[path]), path


@pytest.mark.parametrize("name", ["subclassed", "BatchSize", "own_step"])
def test_what_batchnorm_freezes_ends_bit_equal(
    name: str, one: Callable[..., Spec], worker: Any
) -> None:
    driven = worker.drive(one(name, trials=1, train="batchnorm"), confirm=True)
    (result,) = driven.results
    moved = {
        path.removeprefix("final/")
        for path, value in result.arrays.items()
        if path.startswith("final/")
        and not np.array_equal(value, result.arrays[path.replace("final", "initial", 1)])
    }
    words = {path.rsplit("/", 1)[-1] for path in moved}
    assert {"gamma", "beta", "moving_mean", "moving_variance"} <= words
    assert not words & {"kernel", "bias"}
    units = driven.configs[0]["model.hp.units"]
    assert result.record["counts"]["trained"] == 2 * units


def possible(registered: Registered) -> tuple[Any, ...]:
    """The values that Keras Tuner lists for a parameter that has a list of them."""
    if registered.kind in ("choice", "fixed"):
        return registered.options or (registered.default,)
    if registered.step is None and registered.kind == "int" and registered.sampling == "linear":
        return tuple(range(int(registered.low), int(registered.high) + 1))
    if registered.step is None:
        return ()
    values, value = [], registered.low
    while value <= registered.high * (1 + 1e-9):
        values.append(value)
        value = (
            value + registered.step if registered.sampling == "linear" else value * registered.step
        )
    return tuple(pytest.approx(value) for value in values)


def between(registered: Registered, value: Any) -> bool:
    listed = registered.step is not None or isinstance(registered.question, Choice)
    return not listed and registered.low <= value <= registered.high
