"""Trained models given back: what no variable holds is made again, or the reason is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.engine.rebuilding import rebuilt
from hpstudy.engine.watch import stored
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec

from .conftest import Worker

KEPT = {
    "constant": "compiled engine",
    "Adapted": "model.fit",
    "Scaled": "model.fit",
}
SLOW = ("TwoInputs", "AdaptedAlone")


def confirmed(name: str, load: Callable[..., Spec], worker: Worker) -> tuple[Any, dict[str, Any]]:
    """A trained run of a hypermodel: its result, and its event as a store would hold it."""
    training = "{length: {epochs: 2}}" if name.endswith("Alone") else None
    given = {"training": training} if training else {}
    driven = worker.drive(load(name, trials=1, **given), confirm=True)
    (result,) = driven.results
    assert result is not None, driven.records[0]["reason"]
    config, drawn = driven.configs[0], seeds(0, "search", 0)
    return result, {**result.record, "config": config, "seeds": drawn}


def given_back(event: dict[str, Any], result: Any, worker: Worker) -> tuple[Any, str | None]:
    """The model of an event with its values, and what is wrong with it."""
    from hpstudy.analysis.results import restored

    again = rebuilt(event, worker.split.shape, lambda: worker.split)
    finals = {k.removeprefix("final/"): v for k, v in result.arrays.items() if k[:6] == "final/"}
    restored(again.model, finals, "run")
    return again, again.settle(result.arrays["test_outputs"])


@pytest.mark.parametrize(
    "name", [*KEPT, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]
)
def test_a_model_given_back_predicts_what_its_run_was_scored_on(
    name: str, load: Callable[..., Spec], worker: Worker
) -> None:
    result, event = confirmed(name, load, worker)
    assert event["numerics"]["trained_by"] == KEPT.get(name, "model.fit")
    again, wrong = given_back(event, result, worker)
    assert wrong is None
    x = np.asarray(worker.split.x_test, keras.config.floatx())
    if name == "TwoInputs":
        x = [x[:, :4, :, 0], x[:, 4:, :, 0]]
    outputs = stored(again.model, x, worker.split.shape)
    assert np.allclose(outputs, result.arrays["test_outputs"], rtol=1e-3, atol=1e-3)
    accuracy = float((outputs.argmax(1) == worker.split.y_test).mean())
    assert accuracy == pytest.approx(event["metrics"]["test_accuracy"], abs=0.003)


@pytest.mark.slow
def test_what_a_loop_of_its_own_keeps_in_no_variable_is_told(
    load: Callable[..., Spec], worker: Worker
) -> None:
    result, event = confirmed("ScaledAlone", load, worker)
    _, wrong = given_back(event, result, worker)
    assert "keeps something in the model that no variable holds" in str(wrong)
