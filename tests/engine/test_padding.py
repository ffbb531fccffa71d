"""Padded networks are the ones that were asked for, and padding follows from the study file."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from hpstudy.engine import padding
from hpstudy.engine.cache import Counters
from hpstudy.engine.devices import Fleet
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.length import Length
from hpstudy.spec.space import Choice, IntRange

MLP = HYPERMODELS["mlp"]
DIGITS = DataShape((8, 8, 1), "classification", 10)
SHORT = Length(20, 100)
CASES: list[dict[str, Any]] = [
    {"subset__train": "all", "model__activation_placement": "before_norm"},
    {"subset__train": "all", "training__optimizer": "adamw", "training__weight_decay": 0.1},
    {"subset__train": "batchnorm", "model__depth": 3, "model__activation": "tanh"},
    {"subset__train": "random", "subset__per_unit": 3, "training__optimizer": "adam"},
    {"subset__train": "random", "subset__fraction": 0.3, "subset__of": "all"},
    {"subset__train": "all", "model__normalisation": "none", "model__activation": "gelu"},
    {"subset__train": "all", "model__type": "resmlp", "model__depth": 1},
]


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("case", CASES)
def test_a_padded_network_trains_as_the_network_itself(
    case: dict[str, Any], job: Any, digits: Any, trainer: Any
) -> None:
    run = job(confirm=True, model__width=21, training__learning_rate=0.05, **case)
    train = trainer(digits, "float64")
    alone = train(run)
    roomy = train(dataclasses.replace(run, padded={"model.width": 32}))
    assert roomy.record["numerics"]["padded"] == {"model.width": 32}
    assert roomy.record["program"] != alone.record["program"]
    assert roomy.record["counts"] == alone.record["counts"]
    assert roomy.arrays.keys() == alone.arrays.keys()
    for name, value in alone.arrays.items():
        # outputs are stored as float32, which a last bit of float64 may round either way
        near = 1e-9 if value.dtype == np.float64 else 2e-7
        np.testing.assert_allclose(roomy.arrays[name], value, rtol=near, atol=1e-9, err_msg=name)
    for name, curve in alone.curves.items():
        np.testing.assert_allclose(roomy.curves[name], curve, rtol=1e-9, atol=1e-9, err_msg=name)


def test_widths_of_one_class_share_a_program(job: Any, digits: Any, cold_trainer: Any) -> None:
    train, counters, keys = cold_trainer(digits), Counters(), set()
    room = {"model.width": 32}
    train(dataclasses.replace(job(model__width=17), padded=room))
    counters.watch()
    for width in (17, 25, 31):
        record = train(dataclasses.replace(job(model__width=width), padded=room)).record
        keys.add(record["program"])
    assert (len(keys), counters.compilations) == (1, 0)


def rounded(
    value: Any, length: Length = SHORT, compilation: float = 1e11, **config: Any
) -> dict[str, Any]:
    own = {"model.type": "mlp", "model.depth": 2, "model.width": 100, "training.batch_size": 64}
    own |= {f"model.{name}": one for name, one in config.items()}
    return padding.padded(own, {"model.width": value}, MLP, DIGITS, length, compilation)


def test_only_a_setting_with_more_values_than_classes_is_rounded_up() -> None:
    assert rounded(IntRange(32, 256)) == {"model.width": 128}
    assert rounded(Choice((96, 100, 120))) == {"model.width": 128}
    assert rounded(Choice((32, 100, 256))) == {}
    assert rounded(100) == {}


def test_a_network_on_its_class_stays_as_it_is() -> None:
    assert rounded(IntRange(32, 256), width=128) == {}


def test_more_arithmetic_than_a_compilation_is_not_added() -> None:
    assert rounded(IntRange(32, 256), Length(1000, 100_000)) == {}
    on_gpu = Fleet(1, ("0",)).compilation
    assert rounded(IntRange(32, 256), Length(1000, 100_000), on_gpu) == {"model.width": 128}


@pytest.mark.parametrize(
    "config", [{"dropout": 0.1}, {"normalisation": "layer"}, {"activation": "sigmoid"}]
)
def test_what_added_units_would_change_is_not_padded(config: dict[str, Any]) -> None:
    assert rounded(IntRange(32, 256), **config) == {}
