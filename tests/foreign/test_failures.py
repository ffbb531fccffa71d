"""Trials that cannot be trained: told with their reason, and the search goes on or ends."""

from collections.abc import Callable
from typing import Any

import pytest

from hpstudy.engine.job import Job
from hpstudy.engine.packs import Packs
from hpstudy.search.window import UNBUILT
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec
from hpstudy.tracebacks import headline


def test_a_build_that_raises_fails_its_trial_alone(load: Callable[..., Spec], worker: Any) -> None:
    driven = worker.drive(load("raises", trials=8), trains=False)
    failed = [config["model.hp.units"] == 0 for config in driven.configs]
    assert len(failed) == 8 and 0 < sum(failed) < 8
    for one, record in zip(failed, driven.records, strict=True):
        assert (record["status"] == "failed") is one
        if one:
            assert record["reason"].endswith("ValueError: a layer needs units")


def test_builds_that_always_raise_end_the_search(load: Callable[..., Spec], worker: Any) -> None:
    driven = worker.drive(load("always_raises", trials=50), trains=False)
    assert len(driven.records) == UNBUILT
    assert "RuntimeError: there is no such layer" in driven.exhausted
    assert driven.exhausted.startswith(f"the last {UNBUILT} of {UNBUILT} trials could not be built")


def test_one_name_with_two_ranges_is_told(load: Callable[..., Spec], worker: Any) -> None:
    driven = worker.drive(load("two_ranges", trials=1))
    reason = driven.records[0]["reason"]
    assert "asks for 'units' twice with different ranges, 1..8 and 1..9" in reason


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ("", "missing a required argument: 'units'; it takes units, depth, and the study gives no"),
        (", args: {unit: 3}", "it takes units, depth, and the study gives unit"),
    ],
)
def test_other_arguments_than_it_takes_are_told(
    args: str, told: str, load: Callable[..., Spec], worker: Any
) -> None:
    driven = worker.drive(load("Sized", trials=1, model=args), trains=False)
    first = headline(driven.records[0]["reason"])
    assert first.startswith("Sized cannot be made with model.args: ") and told in first


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("returns_nothing", "build(hp) gave NoneType; it must give a Keras model; is its `return"),
        ("Perceptron", "contract_models:Perceptron is another class; it takes a keras_tuner.Hyper"),
    ],
)
def test_what_is_no_hypermodel_is_told(
    name: str, told: str, load: Callable[..., Spec], worker: Any
) -> None:
    driven = worker.drive(load(name, trials=1), trains=False)
    assert headline(driven.records[0]["reason"]).startswith(told)


def test_a_step_for_another_backend_is_told_with_what_to_write(
    load: Callable[..., Spec], worker: Any
) -> None:
    driven = worker.drive(load("tensorflow_step", trials=1))
    first = headline(driven.records[0]["reason"])
    assert first.startswith("TensorFlowStep.train_step(data) is written for TensorFlow; add")
    assert "engine: {backend: tensorflow}" in first


def test_a_subset_that_trains_nothing_is_told(load: Callable[..., Spec], worker: Any) -> None:
    driven = worker.drive(load("per_layer", trials=1, train="batchnorm"))
    assert "train: 'batchnorm' trains nothing in this network" in driven.records[0]["reason"]


@pytest.mark.parametrize("name", ["two_outputs", "two_heads"])
def test_several_outputs_are_refused_before_they_train(
    name: str, load: Callable[..., Spec], worker: Any
) -> None:
    training = "{length: {epochs: 1}}"
    driven = worker.drive(load(name, trials=1, training=training), trains=False)
    assert "the model has 2 outputs; a study's data have one target" in driven.records[0]["reason"]


def test_another_number_of_outputs_is_refused_before_it_trains(
    load: Callable[..., Spec], worker: Any
) -> None:
    driven = worker.drive(load("seven", trials=1, training="{length: {epochs: 1}}"), trains=False)
    assert driven.records[0]["reason"] == (
        "the model gives 7 outputs for each example, and this data has 10 classes, each of which "
        "takes one; let its last layer have 10 units"
    )


def test_a_training_that_raises_says_where_without_escape_codes(
    load: Callable[..., Spec], worker: Any
) -> None:
    (config,) = worker.drive(load("raises_later", trials=1), trains=False).configs
    packs = Packs(worker.setups, worker.programs, worker.parts, 1)
    packs.add(Job("run", config, seeds(0, "search", 0), "accuracy", "last", True))
    results: list[Any] = []
    while not packs.idle:
        results += packs.step(lambda asking: {run: True for run, _, _ in asking})
    (reason,) = [result.record["reason"] for result in results]
    assert headline(reason).startswith("ValueError: Exception encountered when calling Picky.call")
    assert "a batch of 64 is too large (contract_models.py:" in headline(reason)
    assert headline(reason).endswith(", in call)") and "\x1b" not in reason
