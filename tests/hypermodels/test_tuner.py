"""The Keras Tuner hypermodel: what it registers, builds and fits, on both backends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest

from hpstudy.hypermodels import MLP, VGG, LeNet, ResMLP, ResNet
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.initial import initial_values, plan
from hpstudy.hypermodels.mlp import PARAMETERS, build
from hpstudy.hypermodels.tuner import SPACE
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.space import Choice, FloatRange, IntRange
from hpstudy.spec.training import TRAINING
from hpstudy.subsets import keras as subset

SMALL = {"model.depth": 1, "model.width": IntRange(2, 9)}


def values(model: Any) -> dict[str, Any]:
    return {v.path: np.asarray(v.variable.value) for v in subset.variables(model)}


def registered(hp: Any) -> dict[str, Any]:
    return {one.name: one for one in hp.space}


def test_build_and_fit_register_the_declared_space() -> None:
    hypermodel, hp = MLP((6,), 3), keras_tuner.HyperParameters()
    model = hypermodel.build(hp)
    after_build = registered(hp)
    x, y = np.zeros((8, 6), "float32"), np.zeros(8, int)
    hypermodel.fit(hp, model, x, y, epochs=1, verbose=0)
    assert registered(hp).keys() == after_build.keys()
    declared = {
        *(f"model.{parameter.name}" for parameter in PARAMETERS),
        *(f"training.{parameter.name}" for parameter in TRAINING),
        "subset.train",
        "subset.fraction",
    }
    assert {name.split("[")[0] for name in after_build} <= declared
    assert {name.split("[")[0] for name in after_build} == {*SPACE, "subset.fraction"}
    assert after_build["training.batch_size"].values == [32, 64, 128, 256]
    rate = after_build["training.learning_rate"]
    assert (rate.min_value, rate.max_value, rate.sampling) == (1e-3, 10.0, "log")
    fraction = after_build["subset.fraction[subset.train=random]"]
    assert [(c.name, c.values) for c in fraction.conditions] == [("subset.train", ["random"])]


def test_the_first_values_are_the_declared_defaults() -> None:
    hp = keras_tuner.HyperParameters()
    config = MLP((6,), 3).config(hp)
    assert (config["model.depth"], config["model.width"]) == (2, 128)
    assert (config["training.batch_size"], config["training.learning_rate"]) == (128, 0.01)
    assert config["model.norm_momentum"] == 0.9
    assert "subset.fraction" not in config


def test_the_space_can_be_replaced() -> None:
    space = {
        "model.normalisation": Choice(("batch", "none")),
        "model.gamma_initializer": Choice(("ones", 0.5)),
        "training.optimizer": Choice(
            ("sgd", "adam"), {"adam": {"training.learning_rate": FloatRange(1e-4, 1e-2, log=True)}}
        ),
        "training.momentum": FloatRange(0.5, 0.95, step=0.05),
        "subset.train": Choice(("all", "batchnorm+random")),
        "subset.per_unit": IntRange(1, 4),
    }
    hypermodel, hp = MLP((6,), 3, space=space), keras_tuner.HyperParameters()
    hypermodel.declare_hyperparameters(hp)
    found = registered(hp)
    conditions = {name: [(c.name, c.values) for c in one.conditions] for name, one in found.items()}
    assert conditions["training.momentum"] == [("training.optimizer", ["sgd"])]
    assert conditions["subset.per_unit"] == [("subset.train", ["batchnorm+random"])]
    assert conditions["model.gamma_initializer"] == [("model.normalisation", ["batch"])]
    hp.values |= {
        "training.optimizer": "adam",
        "training.learning_rate[training.optimizer=adam]": 0.005,
        "model.gamma_initializer": "0.5",
    }
    config = hypermodel.config(hp)
    assert config["training.learning_rate"] == 0.005
    assert config["model.gamma_initializer"] == 0.5
    assert "training.momentum" not in config
    hp.values |= {"model.normalisation": "none"}
    assert "model.gamma_initializer" not in hypermodel.config(hp)


def test_a_model_built_again_is_the_same_model() -> None:
    hp = keras_tuner.HyperParameters()
    fixed = {**SMALL, "subset.train": "random", "subset.per_unit": 2}
    for seed, equal in ((0, True), (1, False)):
        one, two = (MLP((6,), 3, space=fixed, seed=s).build(hp) for s in (0, seed))
        same = [np.array_equal(values(one)[path], value) for path, value in values(two).items()]
        assert all(same) is equal
        masks = [m.get_layer("dense_0").kernel.constraint.trained for m in (one, two)]
        assert np.array_equal(*masks) is equal
        assert (masks[0].sum(axis=0) == 2).all()


def test_only_the_subset_trains_and_batches_have_the_chosen_size() -> None:
    hp = keras_tuner.HyperParameters()
    space = {**SMALL, "subset.train": "gamma", "training.batch_size": Choice((16, 64))}
    hypermodel = MLP((6,), 1, "regression", space)
    model = hypermodel.build(hp)
    before = values(model)
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(64, 6)).astype("float32"), draw.normal(size=(64, 1))
    hypermodel.fit(hp, model, x, y, epochs=1, verbose=0)
    assert int(model.optimizer.iterations.value) == 64 // 16
    after = values(model)
    changed = {path for path in after if not np.array_equal(before[path], after[path])}
    assert changed == {"norm_0/gamma", "norm_0/moving_mean", "norm_0/moving_variance"}


@pytest.mark.parametrize(
    ("space", "said"),
    [
        ({"model.dept": 3}, "did you mean `model.depth`"),
        ({"training.schedule": "step"}, "unknown setting: 'training.schedule'"),
        (
            {"subset.train": Choice(("all", "random"), {"random": {"subset.k": 3}})},
            "unknown setting: 'subset.k'",
        ),
    ],
)
def test_a_space_that_does_not_exist_is_told(space: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        MLP((6,), 3, space=space)


def test_a_batch_size_beside_the_space_is_told() -> None:
    hypermodel, hp = MLP((6,), 3, space=SMALL), keras_tuner.HyperParameters()
    with pytest.raises(ModelError, match="fix it there"):
        hypermodel.fit(hp, hypermodel.build(hp), np.zeros((4, 6)), np.zeros(4), batch_size=2)


SEARCH = """
import json, sys

compiled = []
if BACKEND == "jax":
    import jax
    listen = jax.monitoring.register_event_duration_secs_listener
    listen(lambda event, _, **__: compiled.append(event))

import keras, keras_tuner, numpy as np
from hpstudy.hypermodels import MLP, LeNet
from hpstudy.hypermodels.initial import initial_values, plan
from hpstudy.hypermodels.mlp import build
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.space import Choice, IntRange
from hpstudy.subsets import keras as subset
from hpstudy.subsets.constraint import KeepFrozen

shape = DataShape((6,), "classification", 3)
model = build({"dropout": 0.1, "gamma_initializer": "uniform"}, shape)
built = [event for event in compiled if "backend_compile" in event]
drawn = {
    path: value.astype("f8").tobytes().hex()
    for path, value in initial_values(plan(model), 5, 6).items()
}

frozen = []

class Kept(MLP):
    def fit(self, hp, model, *args, **kwargs):
        before = {v.path: np.array(v.variable.value) for v in subset.variables(model)}
        history = super().fit(hp, model, *args, **kwargs)
        for path, variable, _, parameter in subset.variables(model):
            if not parameter:
                continue
            after, constraint = np.array(variable.value), variable.constraint
            if not variable.trainable:
                frozen.append(bool((after == before[path]).all()))
            elif isinstance(constraint, KeepFrozen):
                frozen.append(bool((after == before[path])[~constraint.trained].all()))
                frozen.append(bool((after != before[path])[constraint.trained].any()))
        return history

draw = np.random.default_rng(0)
x, y = draw.normal(size=(48, 6)).astype("float32"), draw.integers(0, 3, 48)
space = {
    "model.depth": 1,
    "model.width": IntRange(4, 8),
    "training.optimizer": "adamw",
    "training.weight_decay": 0.1,
    "training.learning_rate": 0.01,
    "subset.train": Choice(("batchnorm", "random+batchnorm")),
    "subset.per_unit": 2,
}
tuner = keras_tuner.RandomSearch(
    Kept((6,), 3, space=space), objective="val_accuracy", max_trials=2, directory=FOLDER, seed=3
)
tuner.search(x, y, validation_data=(x, y), epochs=2, verbose=0)
trials = list(tuner.oracle.trials.values())
print(json.dumps({
    "backend": keras.config.backend(),
    "compiled": built,
    "values": drawn,
    "status": [trial.status for trial in trials],
    "scores": [trial.score for trial in trials],
    "subsets": [trial.hyperparameters.values["subset.train"] for trial in trials],
    "frozen": frozen,
    "tensorflow": "tensorflow" in sys.modules,
}))
"""


@pytest.fixture(scope="module", params=["jax", "tensorflow"])
def search(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a plain random search says on each backend, in a process of its own."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    code = f"BACKEND, FOLDER = {request.param!r}, {str(folder)!r}\n{SEARCH}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "KERAS_BACKEND": request.param, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said["backend"] == request.param
    return said


def test_a_plain_random_search_finishes_every_trial(search: Any) -> None:
    assert search["status"] == ["COMPLETED"] * 2
    assert all(0 <= score <= 1 for score in search["scores"])
    assert set(search["subsets"]) == {"batchnorm", "random+batchnorm"}


def test_what_a_search_freezes_stays_bit_equal(search: Any) -> None:
    assert search["frozen"]
    assert all(search["frozen"])


@pytest.mark.parametrize("search", ["jax"], indirect=True)
def test_building_compiles_nothing(search: Any) -> None:
    assert search["compiled"] == []


def test_initial_values_are_the_same_on_every_backend(search: Any) -> None:
    shape = DataShape((6,), "classification", 3)
    model = build({"dropout": 0.1, "gamma_initializer": "uniform"}, shape)
    for path, value in initial_values(plan(model), 5, 6).items():
        assert value.astype("f8").tobytes().hex() == search["values"][path]


def test_lenet_is_a_hypermodel_too() -> None:
    hp = keras_tuner.HyperParameters()
    hypermodel = LeNet((28, 28), 10, space={"model.kernel_size": 3, "subset.train": "batchnorm"})
    model = hypermodel.build(hp)
    assert {"model.filters", "model.filters_2", "model.dense_width"} <= registered(hp).keys()
    trained = {one.path for one in model.trainable_variables}
    assert {path.split("/")[-1] for path in trained} == {"gamma", "beta"}
    history = hypermodel.fit(hp, model, np.zeros((64, 28, 28)), np.zeros(64, int), verbose=0)
    assert np.isfinite(history.history["loss"][-1])


def test_resnet_is_a_hypermodel_too() -> None:
    hp = keras_tuner.HyperParameters()
    space = {"model.depth": IntRange(8, 14, step=6), "subset.train": "batchnorm+shortcut+output"}
    model = ResNet((8, 8, 1), 4, space=space).build(hp)
    assert {"model.depth", "model.widening", "training.learning_rate"} <= registered(hp).keys()
    trained = {one.path for one in model.trainable_variables}
    assert {path.split("/")[-1] for path in trained} == {"gamma", "beta", "kernel", "bias"}
    assert {"shortcut_2_1/kernel", "shortcut_3_1/kernel", "output/kernel"} <= trained
    assert "conv_0/kernel" not in trained


def test_resmlp_is_a_hypermodel_too() -> None:
    hp = keras_tuner.HyperParameters()
    hypermodel = ResMLP((10,), 1, "regression", {"model.width": 8, "subset.train": "batchnorm"})
    model = hypermodel.build(hp)
    assert registered(hp).keys() == {
        "model.depth",
        "model.hidden_factor",
        "model.activation",
        "training.batch_size",
        "training.learning_rate",
    }
    history = hypermodel.fit(hp, model, np.ones((64, 10)), np.zeros((64, 1)), verbose=0)
    assert np.isfinite(history.history["loss"][-1])


def test_vgg_is_a_hypermodel_too() -> None:
    hp = keras_tuner.HyperParameters()
    space = {"model.filters": IntRange(2, 4), "subset.train": "random", "subset.fraction": 0.1}
    model = VGG((16, 16, 1), 4, space=space).build(hp)
    found = registered(hp)
    assert found["model.depth"].values == [11, 13, 16, 19]
    assert found["model.filters"].max_value == 4
    trained = {one.path.split("/")[-2] for one in model.trainable_variables}
    assert trained == {f"conv_{number}" for number in range(13)}
