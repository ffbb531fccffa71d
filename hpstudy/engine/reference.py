"""The judge: one run trained by plain `model.fit`, on whichever backend Keras runs.

Same initial values, same data order, same learning rate at every step as the compiled engine; the
parity tests hold the engine to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from hpstudy.engine.augmentation import cut_images, draws
from hpstudy.engine.declared import build_model
from hpstudy.engine.host import batch_order
from hpstudy.engine.job import Job
from hpstudy.engine.parts import targets
from hpstudy.engine.schedules import learning_rates
from hpstudy.engine.stopping import Stopping
from hpstudy.hypermodels.compiling import compile_model
from hpstudy.hypermodels.initial import initial_values, plan
from hpstudy.spec.length import length
from hpstudy.subsets import keras as subset
from hpstudy.subsets.rules import Rule, select


@dataclass(frozen=True)
class Fitted:
    """A trained Keras model, its values by path, and one row of metrics an epoch."""

    model: Any
    values: dict[str, Any]
    rows: list[dict[str, float]]


def fit(job: Job, split: Any) -> Fitted:
    """Train a job's run on a `hpstudy.data` split with `model.fit`, an epoch at a time."""
    fitting, rows = Fitting(job, split), []
    x_val = np.asarray(split.x_val, keras.config.floatx())
    y_val = targets(split.shape.task, split.y_val, keras.config.floatx())
    for epoch in range(1, fitting.planned.epochs + 1):
        row = fitting.epoch(epoch)
        scored = fitting.model.evaluate(
            x_val, y_val, batch_size=len(x_val), verbose=0, return_dict=True
        )
        rows.append(row | {name: float(value) for name, value in scored.items()})
        if fitting.stopping.after(epoch, rows[-1]):
            break
    return Fitted(fitting.model, fitting.values(), rows)


class Fitting:
    """A run's model, compiled for `model.fit` with its subset applied, and its training data.

    `metrics` are Keras metrics besides those that the task has.
    """

    def __init__(self, job: Job, split: Any, metrics: Sequence[Any] = ()) -> None:
        config, dtype, task = job.config, keras.config.floatx(), split.shape.task
        self.model = build_model(config, split.shape)
        self._variables = {o.path: o.variable for o in subset.variables(self.model)}
        drawn = initial_values(plan(self.model), job.seeds["initialisation"], job.seeds["dropout"])
        self.restore(drawn)
        selection = select(Rule.from_config(config), subset.tensors(self.model), job.seeds["mask"])
        subset.apply(self.model, selection)
        self._x, self._y = np.asarray(split.x_train, dtype), targets(task, split.y_train, dtype)
        self._job = job
        self.planned = length(config, len(self._x))
        self.stopping = Stopping.from_config(config)
        rates = Rates(learning_rates(config, self.planned.steps))
        compile_model(self.model, config, task, rates, metrics)

    def epoch(self, number: int) -> dict[str, float]:
        """Train an epoch, counted from 1; Keras's running means of it."""
        config, examples = self._job.config, len(self._x)
        left = self.planned.steps - (number - 1) * self.planned.steps_per_epoch
        batch = int(config["training.batch_size"])
        chosen = batch_order(self._job.seeds["order"], number, examples)
        whole = examples // batch * batch
        count = whole if config["training.last_batch"] == "drop" else examples
        chosen = chosen[: min(count, left * batch)]
        images = self._x[chosen]
        drawn = draws(config, self._job.seeds["augmentation"], number, examples)
        if drawn is not None:
            images = cut_images(images, drawn[chosen], int(config["training.augment.crop"]))
        history = self.model.fit(
            images, self._y[chosen], batch_size=batch, epochs=1, shuffle=False, verbose=0
        )
        return {f"train_{name}": float(values[0]) for name, values in history.history.items()}

    def values(self) -> dict[str, Any]:
        """A copy of every value of the model, by path."""
        numbers = keras.ops.convert_to_numpy
        return {path: np.array(numbers(v.value)) for path, v in self._variables.items()}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Give the model these values."""
        for path, value in values.items():
            self._variables[path].assign(value)


@keras.saving.register_keras_serializable("hpstudy")
class Rates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of each step, read from a table."""

    def __init__(self, rates: Any) -> None:
        self.rates = np.asarray(rates, keras.config.floatx())

    def __call__(self, step: Any) -> Any:
        return keras.ops.take(keras.ops.convert_to_tensor(self.rates), step)

    def get_config(self) -> dict[str, Any]:
        return {"rates": self.rates.tolist()}
