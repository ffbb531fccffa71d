"""The judge: one run trained by plain `model.fit`, on whichever backend Keras runs.

Same initial values, same data order, same learning rate at every step as the compiled engine; the
parity tests hold the engine to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from hpstudy.engine.host import batch_order
from hpstudy.engine.job import Job
from hpstudy.engine.parts import targets
from hpstudy.engine.schedules import learning_rates
from hpstudy.engine.setups import build_model
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
    config, dtype = job.config, keras.config.floatx()
    task = split.shape.task
    model = build_model(config, split.shape)
    variables = _variables(model)
    drawn = initial_values(plan(model), job.seeds["initialisation"], job.seeds["dropout"])
    for path, value in drawn.items():
        variables[path].assign(value)
    selection = select(Rule.from_config(config), subset.tensors(model), job.seeds["mask"])
    subset.apply(model, selection)
    x, y = np.asarray(split.x_train, dtype), targets(task, split.y_train, dtype)
    x_val, y_val = np.asarray(split.x_val, dtype), targets(task, split.y_val, dtype)
    planned = length(config, len(x))
    compile_model(model, config, task, Rates(learning_rates(config, planned.steps)))
    stopping, rows = Stopping.from_config(config), []
    for epoch in range(1, planned.epochs + 1):
        left = planned.steps - (epoch - 1) * planned.steps_per_epoch
        batch = int(config["training.batch_size"])
        chosen = batch_order(job.seeds["order"], epoch, len(x))
        full = len(x) // batch
        count = full * batch if config["training.last_batch"] == "drop" else len(x)
        chosen = chosen[: min(count, left * batch)]
        history = model.fit(
            x[chosen], y[chosen], batch_size=batch, epochs=1, shuffle=False, verbose=0
        )
        scored = model.evaluate(x_val, y_val, batch_size=len(x_val), verbose=0, return_dict=True)
        row = {f"train_{name}": float(values[0]) for name, values in history.history.items()}
        rows.append(row | {name: float(value) for name, value in scored.items()})
        if stopping.after(epoch, rows[-1]):
            break
    return Fitted(model, {path: np.asarray(v) for path, v in variables.items()}, rows)


def _variables(model: Any) -> dict[str, Any]:
    return {owned.path: owned.variable for owned in subset.variables(model)}


@keras.saving.register_keras_serializable("hpstudy")
class Rates(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate of each step, read from a table."""

    def __init__(self, rates: Any) -> None:
        self.rates = np.asarray(rates, keras.config.floatx())

    def __call__(self, step: Any) -> Any:
        return keras.ops.take(keras.ops.convert_to_tensor(self.rates), step)

    def get_config(self) -> dict[str, Any]:
        return {"rates": self.rates.tolist()}
