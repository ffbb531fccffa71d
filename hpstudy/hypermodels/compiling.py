"""A Keras model compiled for plain `fit` as the training settings say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from hpstudy.spec.space import Scalar


def compile_model(
    model: Any,
    config: Mapping[str, Scalar],
    task: str,
    learning_rate: Any = None,
    metrics: Sequence[Any] = (),
) -> None:
    """Compile `model` with the `training.` settings; its subset must be applied before.

    `learning_rate` is a Keras schedule in place of `training.learning_rate`, and `metrics` come
    besides those of the task. Weight decay is
    coupled for sgd (the gradient of half the squared norm, so it shows in the loss) and decoupled
    for adamw; Keras's SGD would decouple it.
    """
    decay: Any = config.get("training.weight_decay") or 0.0
    if decay and config["training.optimizer"] == "sgd":
        for variable in model.trainable_variables:
            variable.regularizer = keras.regularizers.L2(decay / 2)
    rate = config["training.learning_rate"] if learning_rate is None else learning_rate
    model.compile(
        optimizer=optimizer(config, rate),
        loss=loss(config, task),
        metrics=[*(["accuracy"] if task == "classification" else ["mse", "mae"]), *metrics],
    )


def optimizer(config: Mapping[str, Scalar], learning_rate: Any) -> Any:
    """The Keras optimizer that `training.optimizer` names, with its own settings."""
    if config["training.optimizer"] == "sgd":
        return keras.optimizers.SGD(learning_rate, momentum=config["training.momentum"])
    moments = {
        "beta_1": config["training.beta_1"],
        "beta_2": config["training.beta_2"],
        "epsilon": config["training.adam_epsilon"],
    }
    if config["training.optimizer"] == "adamw":
        decay = config["training.weight_decay"]
        return keras.optimizers.AdamW(learning_rate, weight_decay=decay, **moments)
    return keras.optimizers.Adam(learning_rate, **moments)


def loss(config: Mapping[str, Scalar], task: str) -> Any:
    """The Keras loss that `training.loss` names: of logits and class ids, or of numbers."""
    name = config["training.loss"]
    if name == "auto":
        name = "cross_entropy" if task == "classification" else "mse"
    if name == "cross_entropy":
        smoothing: Any = config.get("training.label_smoothing") or 0.0
        return SmoothedCrossEntropy(smoothing)
    return {
        "mse": keras.losses.MeanSquaredError,
        "mae": keras.losses.MeanAbsoluteError,
        "huber": keras.losses.Huber,
        # of a network that ends in a softmax
        "cross_entropy_of_probabilities": keras.losses.SparseCategoricalCrossentropy,
    }[str(name)]()


@keras.saving.register_keras_serializable("hpstudy")
class SmoothedCrossEntropy(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy of logits (n, classes) and class ids (n,) or (n, 1).

    With smoothing s the target is 1 - s on the class plus s / classes on every class, which Keras
    offers for one-hot targets alone.
    """

    def __init__(self, smoothing: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.smoothing = smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        log_p = ops.log_softmax(y_pred)
        classes = int(y_pred.shape[-1])
        labels = ops.cast(ops.reshape(y_true, (-1,)), "int32")
        hot = ops.one_hot(labels, classes, dtype=log_p.dtype)
        wanted = hot * (1.0 - self.smoothing) + self.smoothing / classes
        return -ops.sum(wanted * log_p, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "smoothing": self.smoothing}
