"""The training settings: types, what is allowed, and the one place where defaults are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hpstudy.spec.declarations import Parameter

METRICS: Mapping[str, tuple[str, ...]] = {
    "classification": ("accuracy", "loss"),
    "regression": ("r2", "mse", "mae", "loss"),
}
RISING = ("accuracy", "r2")
LOSSES: Mapping[str, tuple[str, ...]] = {
    "classification": ("auto", "cross_entropy"),
    "regression": ("auto", "mse", "mae", "huber"),
}
_DECAYED = {"optimizer": ("sgd", "adamw")}
_ADAPTIVE = {"optimizer": ("adam", "adamw")}
_STEPPED = {"schedule": ("step",)}
_STOPPING = {"early_stopping": ("on",)}
_AUGMENTED = {"augment": ("on",)}

# in single precision the compiled engine's sgd is off by 1e-4 there, and by more beyond
MOST_MOMENTUM = 0.999

TRAINING: tuple[Parameter, ...] = (
    Parameter("length.epochs", "int", None, "passes over the training part", 1, role="value"),
    Parameter("length.steps", "int", None, "optimizer steps in all", 1, role="value"),
    Parameter("batch_size", "int", 128, "examples in a step", 1),
    Parameter("optimizer", "choice", "sgd", "update rule", options=("sgd", "adam", "adamw")),
    Parameter(
        "momentum",
        "float",
        0.9,
        "of sgd, not Nesterov's",
        0,
        MOST_MOMENTUM,
        role="value",
        when={"optimizer": ("sgd",)},
    ),
    Parameter(
        "beta_1",
        "float",
        0.9,
        "decay of the mean gradient",
        0,
        1,
        open_high=True,
        role="value",
        when=_ADAPTIVE,
    ),
    Parameter(
        "beta_2",
        "float",
        0.999,
        "decay of the mean squared gradient",
        0,
        1,
        open_high=True,
        role="value",
        when=_ADAPTIVE,
    ),
    Parameter(
        "adam_epsilon",
        "float",
        1e-7,
        "added to the root of the mean squared gradient",
        0,
        open_low=True,
        role="value",
        when=_ADAPTIVE,
    ),
    Parameter(
        "weight_decay",
        "float",
        0.0,
        "coupled (in the gradient) for sgd, decoupled for adamw",
        0,
        role="value",
        when=_DECAYED,
    ),
    Parameter(
        "learning_rate",
        "float",
        0.01,
        "the highest of the schedule",
        0,
        open_low=True,
        role="value",
    ),
    Parameter(
        "schedule",
        "choice",
        "constant",
        "of the learning rate",
        options=("constant", "step", "cosine"),
        role="value",
    ),
    Parameter(
        "schedule.at",
        "numbers",
        (0.7, 0.9),
        "fractions of the length at which the rate drops",
        0,
        1,
        open_low=True,
        open_high=True,
        role="value",
        when=_STEPPED,
    ),
    Parameter(
        "schedule.factor",
        "float",
        0.1,
        "by which it drops",
        0,
        1,
        open_low=True,
        role="value",
        when=_STEPPED,
    ),
    Parameter(
        "warmup",
        "float",
        0.0,
        "fraction of the length in which the rate rises from zero",
        0,
        1,
        open_high=True,
        role="value",
    ),
    Parameter(
        "early_stopping",
        "choice",
        "none",
        "stop when a validation metric no longer improves",
        options=("none", "on"),
        role="value",
    ),
    Parameter(
        "early_stopping.monitor",
        "choice",
        "loss",
        "the validation metric that it watches",
        options=("loss", "accuracy", "r2", "mse", "mae"),
        role="value",
        when=_STOPPING,
    ),
    Parameter(
        "early_stopping.patience",
        "int",
        3,
        "epochs without improvement before it stops",
        1,
        role="value",
        when=_STOPPING,
    ),
    Parameter(
        "early_stopping.restore",
        "choice",
        "best",
        "which parameters a stopped run keeps",
        options=("best", "last"),
        role="value",
        when=_STOPPING,
    ),
    Parameter(
        "augment",
        "choice",
        "none",
        "mirror and shift training images at random, anew in each epoch",
        options=("none", "on"),
    ),
    Parameter(
        "augment.flip",
        "flag",
        True,
        "mirror half of the images left to right",
        role="value",
        when=_AUGMENTED,
    ),
    Parameter(
        "augment.crop",
        "int",
        4,
        "zeros around an image before a window of its own size is cut out",
        0,
        127,
        role="value",
        when=_AUGMENTED,
    ),
    Parameter(
        "label_smoothing",
        "float",
        0.0,
        "share of the target spread over all classes",
        0,
        1,
        open_high=True,
        role="value",
        when={"loss": ("auto", "cross_entropy")},
    ),
    Parameter(
        "loss",
        "choice",
        "auto",
        "auto: cross_entropy for classification, mse for regression",
        options=("auto", "cross_entropy", "mse", "mae", "huber"),
    ),
    Parameter(
        "last_batch",
        "choice",
        "drop",
        "the last, partial batch of an epoch",
        options=("drop", "keep"),
    ),
)


@dataclass(frozen=True)
class Form:
    """A setting written as a mapping: its short names, the word that it stands for, what it needs.

    `schedule: {step: [0.7, 0.9], factor: 0.1}` says schedule = step with its two settings.
    """

    names: Mapping[str, str]
    word: str | None
    needs: tuple[str, ...]
    example: str


FORMS: Mapping[str, Form] = {
    "length": Form(
        {"epochs": "length.epochs", "steps": "length.steps"},
        None,
        (),
        "{epochs: 20} or {steps: 6000}",
    ),
    "schedule": Form(
        {"step": "schedule.at", "factor": "schedule.factor"},
        "step",
        ("step",),
        "{step: [0.7, 0.9], factor: 0.1}",
    ),
    "early_stopping": Form(
        {
            "monitor": "early_stopping.monitor",
            "patience": "early_stopping.patience",
            "restore": "early_stopping.restore",
        },
        "on",
        (),
        "{monitor: loss, patience: 3, restore: best}",
    ),
    "augment": Form(
        {"flip": "augment.flip", "crop": "augment.crop"},
        "on",
        ("flip", "crop"),
        "{flip: true, crop: 4}",
    ),
}
