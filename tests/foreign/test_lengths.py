"""Lengths and budgets of other people's hypermodels."""

from collections.abc import Callable

import pytest

from hpstudy.engine import preparing
from hpstudy.engine.discovering import discover
from hpstudy.engine.job import Probe
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec

from .conftest import Worker

STEPS = "length: {steps: 40}"  # of 1,079 examples: 16 an epoch of 64


def test_steps_are_trained_exactly(load: Callable[..., Spec], worker: Worker) -> None:
    # in a fit that changes its data, which `model.fit` trains
    driven = worker.drive(load("TwoInputs", trials=1, training=f"{{{STEPS}, batch_size: 64}}"))
    (config,), (record,) = driven.configs, driven.records
    assert record["status"] == "finished", record["reason"]
    assert "training.length.epochs" not in config
    assert record["epochs"] == 3


def test_steps_are_not_for_a_loop_of_its_own(load: Callable[..., Spec], worker: Worker) -> None:
    (cell,) = load("OwnLoop", training=f"{{{STEPS}}}").cells
    config = {k: v for k, v in cell.settings.items() if v is not None}
    found = discover(
        Probe("run", config, seeds(0, "search", 0)),
        lambda asked: asked.default,
        worker.split.shape,
        worker.sample,
    )
    assert found["reason"] is None
    assert found["collisions"] == [preparing.STEPS]


@pytest.mark.parametrize("pruner", ["none", "hyperband"])
def test_a_budget_of_epochs_holds_whole_trials(
    pruner: str, load: Callable[..., Spec], worker: Worker
) -> None:
    search = f"sampler: random, pruner: {pruner}, budget: {{epochs: 7}}"
    driven = worker.drive(load("per_layer", trials=20, search=search), trains=False)
    assert len(driven.configs) == 3
    assert driven.exhausted == "budget used up: 6 of 7 epochs, and the next trial needs 2"
