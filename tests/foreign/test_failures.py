"""Trials that cannot be trained: told with their reason, and the search goes on or ends."""

from collections.abc import Callable
from typing import Any

import pytest

from hpstudy.search.window import UNBUILT
from hpstudy.spec.study import Spec


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
