"""Architectures of Keras and of Keras Tuner, which nobody wrote for subsets."""

from typing import Any

import keras
import pytest

from hpstudy.engine import foreign
from hpstudy.engine.discovering import discover
from hpstudy.engine.job import Probe
from hpstudy.engine.preparing import Sample
from hpstudy.hypermodels.drawn import by_numpy
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.seeds import seeds
from hpstudy.subsets import keras as subset
from hpstudy.subsets.rules import Rule, count, select

SHAPE = DataShape((32, 32, 3), "classification", 10)


def test_hyperresnet_is_discovered(monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.syspath_prepend(str(__file__).rsplit("/", 1)[0])
    x, y = np.zeros((8, 32, 32, 3), "float32"), np.zeros(8, "int32")
    sample = Sample(x, y, x, y, len(x))
    answers = {"conv3_depth": 4, "conv4_depth": 6, "version": "v2", "pooling": "avg"}
    config: dict[str, Any] = {"model.type": "contract_models:resnet", "subset.train": "batchnorm"}
    asked: list[str] = []

    def ask(one: Any) -> Any:
        asked.append(one.name)
        return answers.get(one.name, one.default)

    probe = Probe("run", config, seeds(0, "search", 0))
    found = discover(probe, ask, SHAPE, sample)
    assert found["reason"] is None
    assert set(answers) | {"optimizer", "learning_rate"} <= set(asked)
    assert 0 < found["counts"]["trained"] < found["counts"]["total"] / 50
    # a compiled model with one-hot labels
    assert found["training"]["training.loss"] == "cross_entropy_of_probabilities"


@pytest.mark.parametrize("train", ["batchnorm", "as_built", "batchnorm+output"])
def test_a_keras_application_takes_every_subset(train: str) -> None:
    with by_numpy():
        model = keras.applications.MobileNetV2((32, 32, 3), alpha=0.35, weights=None, classes=10)
    model.layers[1].trainable = False
    table = subset.tensors(model)
    rule = Rule(train=train)
    counts, chosen = count(rule, table), select(rule, table, 1)
    gammas = [t for t in table if t.norm == "batch"]
    output = [t for t in table if t.output]
    assert [t.shape for t in output] == [(1280, 10), (10,)]
    trained = {path for path, part in chosen.items() if part == "all"}
    if train == "as_built":
        assert len(trained) == len(table) - 1
    elif train == "batchnorm":
        assert trained == {t.path for t in gammas}
    foreign.switch(model, {"subset.train": train}, trained)
    assert {o.path for o in subset.variables(model) if o.variable.trainable} == trained
    assert counts.trained == sum(
        int(o.variable.value.size) for o in subset.variables(model) if o.path in trained
    )
