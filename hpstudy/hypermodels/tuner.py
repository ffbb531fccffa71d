"""`keras_tuner.HyperModel`s made from the declared architectures."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal

import keras_tuner

from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.compiling import compile_model
from hpstudy.hypermodels.initial import initial_values, plan
from hpstudy.hypermodels.lenet import LENET_DECLARATION
from hpstudy.hypermodels.mlp import MLP_DECLARATION
from hpstudy.hypermodels.registration import Registration
from hpstudy.hypermodels.resmlp import RESMLP_DECLARATION
from hpstudy.hypermodels.resnet import RESNET_DECLARATION
from hpstudy.hypermodels.vgg import VGG_DECLARATION
from hpstudy.spec.declarations import DataShape, ModelDeclaration
from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Choice, Config, FloatRange, IntRange, Value
from hpstudy.subsets import keras as subset
from hpstudy.subsets.rules import Rule, select

_SHARED: Mapping[str, Value] = {
    "model.activation": Choice(("relu", "tanh", "gelu")),
    "training.batch_size": Choice((32, 64, 128, 256)),
    # the best rates of full and of BatchNorm-only training lie a factor of a hundred apart
    "training.learning_rate": FloatRange(1e-3, 10.0, log=True),
    "subset.train": Choice(
        ("all", "batchnorm", "random"),
        {"random": {"subset.fraction": FloatRange(1e-3, 1.0, log=True)}},
    ),
}
_PLACEMENT: Mapping[str, Value] = {
    "model.activation_placement": Choice(("after_norm", "before_norm")),
}

SPACE: Mapping[str, Value] = {
    "model.depth": IntRange(1, 8, log=True),
    "model.width": IntRange(32, 512, log=True),
    **_PLACEMENT,
    **_SHARED,
}
LENET_SPACE: Mapping[str, Value] = {
    "model.filters": IntRange(4, 32, log=True),
    "model.filters_2": IntRange(8, 64, log=True),
    "model.kernel_size": Choice((3, 5)),
    "model.dense_width": IntRange(32, 256, log=True),
    **_PLACEMENT,
    **_SHARED,
}
RESNET_SPACE: Mapping[str, Value] = {
    "model.depth": IntRange(14, 56, step=6),
    "model.widening": Choice((1, 2, 4)),
    **_SHARED,
}
RESMLP_SPACE: Mapping[str, Value] = {
    "model.depth": IntRange(1, 8, log=True),
    "model.width": IntRange(32, 512, log=True),
    "model.hidden_factor": IntRange(1, 4),
    **{key: value for key, value in _SHARED.items() if key != "model.activation_placement"},
}
VGG_SPACE: Mapping[str, Value] = {
    "model.depth": Choice((11, 13, 16, 19)),
    "model.filters": IntRange(16, 64, log=True),
    **_PLACEMENT,
    **_SHARED,
}


class DeclaredHyperModel(keras_tuner.HyperModel):  # type: ignore[misc]
    """A declared architecture, its training and its subset as one Keras Tuner search space.

    input_shape: one example's shape. outputs: classes, or target columns of a regression.
    space: settings by dotted key (`model.depth`, `training.learning_rate`, `subset.train`) with a
        fixed value or a range of `hpstudy.spec.space`, in place of those in `ranges`; everything
        else has its declared default.
    seed: initial values and masks are drawn from it, so a model built again is the same model.

    Classification takes class ids and gives logits. Epochs and callbacks (schedules, early
    stopping) are given to `search()`. Raises ModelError for a space that does not exist.
    """

    declaration: ModelDeclaration
    ranges: Mapping[str, Value]

    def __init__(
        self,
        input_shape: tuple[int, ...],
        outputs: int,
        task: Literal["classification", "regression"] = "classification",
        space: Mapping[str, Value] | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(name=self.declaration.name)
        self.shape = DataShape(tuple(input_shape), task, outputs)
        self.seed = seed
        self.registration = Registration.of(self.declaration, {**self.ranges, **(space or {})})

    def declare_hyperparameters(self, hp: Any) -> None:
        self.registration.declare(hp)

    def config(self, hp: Any) -> Config:
        """The flat settings that `hp` stands for, fixed ones included."""
        return self.registration.resolve(hp)

    def build(self, hp: Any) -> Any:
        """The compiled Keras model of `hp`: initial values and mask drawn from `seed`."""
        config = self.config(hp)
        own = {k.removeprefix("model."): v for k, v in config.items() if k.startswith("model.")}
        module, function = self.declaration.build.split(":")
        model = getattr(import_module(module), function)(own, self.shape)
        drawn = initial_values(
            plan(model), derived(self.seed, "initialisation"), derived(self.seed, "dropout")
        )
        for owned in subset.variables(model):
            owned.variable.assign(drawn[owned.path])
        mask_seed = derived(self.seed, "mask")
        subset.apply(model, select(Rule.from_config(config), subset.tensors(model), mask_seed))
        compile_model(model, config, self.shape.task)
        return model

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """`model.fit` with the batch size of `hp`; the rest is given to `Tuner.search`."""
        if "batch_size" in kwargs:
            raise ModelError(
                "batch_size was given to search() and is part of the space; fix it there with "
                "space={'training.batch_size': 64}"
            )
        batch_size = self.config(hp)["training.batch_size"]
        return model.fit(*args, batch_size=batch_size, **kwargs)


class MLP(DeclaredHyperModel):
    """The multilayer perceptron for `keras_tuner.RandomSearch(MLP(...), ...)` and its like."""

    declaration = MLP_DECLARATION
    ranges = SPACE


class LeNet(DeclaredHyperModel):
    """The LeNet-5-style network; examples are (rows, columns) or (rows, columns, channels)."""

    declaration = LENET_DECLARATION
    ranges = LENET_SPACE


class ResNet(DeclaredHyperModel):
    """ResNet-N and WRN-N-k; examples are (rows, columns) or (rows, columns, channels)."""

    declaration = RESNET_DECLARATION
    ranges = RESNET_SPACE


class ResMLP(DeclaredHyperModel):
    """The residual multilayer perceptron for tables."""

    declaration = RESMLP_DECLARATION
    ranges = RESMLP_SPACE


class VGG(DeclaredHyperModel):
    """VGG-11, 13, 16 or 19; examples are (rows, columns) or (rows, columns, channels)."""

    declaration = VGG_DECLARATION
    ranges = VGG_SPACE
