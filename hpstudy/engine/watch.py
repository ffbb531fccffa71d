"""What a run tells while somebody's `fit` trains it: a row of metrics an epoch, through Keras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from hpstudy.engine import moving
from hpstudy.engine.host import Host
from hpstudy.engine.job import Report
from hpstudy.engine.losses import score_outputs
from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.keras import variables

_CHUNK = 256  # examples in one forward pass
_ACCURACY = ("accuracy", "acc", "sparse_categorical_accuracy", "categorical_accuracy")


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes each epoch's metrics, reports at rungs, and stops a run that has ended.

    `x_val` are the model's validation inputs, `y_val` class ids or (n, outputs). A `compiled` model
    came with an optimizer, whose learning rate is its own. `kept_steps` is how many steps led to
    the values that are scored.
    """

    def __init__(
        self, host: Host, model: Any, compiled: bool, x_val: Any, y_val: Any, report: Report
    ) -> None:
        super().__init__()
        self.set_model(model)
        self._compiled = compiled
        self._host, self._report = host, report
        self._x_val, self._y_val = x_val, y_val
        self._kept: dict[str, Any] | None = None
        self.kept_steps = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self._host.status is None:
            self._note(dict(logs or {}))
        if self._host.status is not None:
            self.model.stop_training = True

    def end(self) -> dict[str, Any]:
        """`fit` has returned: the values of the run by path.

        Where it told of no epoch, its end is the only one.
        """
        if not self._host.rows:
            self._note({})
        if self._host.status is None:
            # a callback or a loop of its own has ended it before its epochs were used up
            self._host.stop()
        return self._kept or _values(self.model)

    def _note(self, logs: Mapping[str, Any]) -> None:
        if self._host.record(self._row(logs)):
            self._kept = _values(self.model)
            self.kept_steps = moving.counted(self.model)
        if self._host.asks is not None:
            self._host.answer(self._report(*self._host.asks))

    def _row(self, logs: Mapping[str, Any]) -> dict[str, float]:
        host = self._host
        shape = DataShape((), host.signature.task, host.signature.outputs)  # type: ignore[arg-type]
        row = {}
        if "loss" in logs:
            row["train_loss"] = float(logs["loss"])
        told = next((float(logs[name]) for name in _ACCURACY if name in logs), None)
        if told is not None:
            row["train_accuracy"] = told
        outputs = stored(self.model, self._x_val, shape)
        row |= score_outputs(host.signature.loss, outputs, self._y_val, host.scale)
        if "val_loss" in logs:
            row["loss"] = float(logs["val_loss"])
        if self._compiled and getattr(self.model, "optimizer", None) is not None:
            rate = self.model.optimizer.learning_rate
            # NumPy does not like how a Keras variable turns itself into an array
            row["learning_rate"] = float(getattr(rate, "value", rate))
        return row


class Steps(keras.callbacks.Callback):  # type: ignore[misc]
    """Ends `model.fit` after so many optimizer steps, in the middle of an epoch where they end."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps, self._before, self._done = steps, 0, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._before = self._done

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._done = self._before + batch + 1
        if self._done >= self._steps:
            self.model.stop_training = True

    def check(self, used_up: bool) -> None:
        """Raise ModelError for other steps than planned in a run whose epochs were `used_up`."""
        if not self._done:
            why = "the hypermodel's fit hands model.fit none of its callbacks, which count them"
        elif used_up and self._done != self._steps:
            why = f"the hypermodel's fit made {self._done}, in other batches than batch_size says"
        else:
            return
        raise ModelError(
            f"training.length is {self._steps} steps, and {why}; tell the length in epochs"
        )


def stored(model: Any, x: Any, shape: DataShape) -> Any:
    """Outputs (n, outputs) as they are stored: of probabilities, their logarithms.

    Rows that are positive and sum to one are probabilities; one column of a classification is
    that of the second class. Raises ModelError for outputs that fit no such thing.
    """
    given = model.predict(x, batch_size=_CHUNK, verbose=0)
    if not isinstance(given, np.ndarray):
        raise ModelError("the model has several outputs, and a study scores one")
    outputs = given.astype(np.float64).reshape(len(given), -1)
    if shape.task == "regression":
        return _checked(outputs, shape)
    if outputs.shape[1] == 1 and shape.outputs == 2:
        inside = bool(((outputs >= 0) & (outputs <= 1)).all())
        chance = outputs if inside else 1 / (1 + np.exp(-outputs))
        outputs = np.concatenate([1 - chance, chance], axis=1)
    outputs = _checked(outputs, shape)
    if (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        return np.log(np.clip(outputs, 1e-7, 1 - 1e-7))
    return outputs


def _checked(outputs: Any, shape: DataShape) -> Any:
    if outputs.shape[1] != shape.outputs:
        raise ModelError(
            f"the model's outputs have {outputs.shape[1]} columns; {shape.task} of this data "
            f"takes {shape.outputs}"
        )
    return outputs


def _values(model: Any) -> dict[str, Any]:
    return {owned.path: np.array(owned.variable.value) for owned in variables(model)}
