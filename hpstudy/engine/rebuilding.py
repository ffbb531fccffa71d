"""A trained model of somebody else's hypermodel, built again from what a study stores of its run.

Its values are stored, and what is not in them is made as it was: constants that a constructor draws
by the run's own seed, and what `fit` adapts to its data before it trains by calling it with the
same data, and without training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from hpstudy.engine.captured import captured
from hpstudy.engine.foreign import labels
from hpstudy.engine.preparing import Prepared, Sample, has_own_fit, options, prepared
from hpstudy.engine.watch import stored
from hpstudy.hypermodels import foreign
from hpstudy.hypermodels.asking import answered
from hpstudy.spec.declarations import DataShape

CLOSE = 1e-3  # between outputs of two backends or devices, relative and absolute


@dataclass(frozen=True)
class Fitted:
    """What a `fit` of its own was called with: the study's split, and its options."""

    prepared: Prepared
    split: Any
    given: Mapping[str, Any]

    def data(self, model: Any) -> tuple[Any, Any, tuple[Any, Any]]:
        """x, y and (x, y) of the validation part, as `fit` was handed them."""
        whole = Sample.of(self.split, None)
        y, y_val = (labels(model, one, self.split.shape) for one in (whole.y, whole.y_val))
        return whole.x, y, (whole.x_val, y_val)

    def adapt(self, order_seed: int) -> None:
        """Call `fit` as the run did, and train nothing."""
        made = self.prepared
        foreign.seed(order_seed, "fit")
        captured(made.hypermodel, made.hp, made.model, *self.data(made.model), **self.given)

    def outputs(self, x: Any) -> Any:
        """The model's outputs for examples as the study has them."""
        model, (images, y, _) = self.prepared.model, self.data(self.prepared.model)
        x = np.asarray(x, keras.config.floatx())
        return stored(
            model, self.prepared.inputs(model, x, (images, y), self.given), self.split.shape
        )


@dataclass(frozen=True)
class Rebuilt:
    """A run's model, whose values are still to be given back; `fitted` where `fit` is its own."""

    model: Any
    fitted: Fitted | None = None

    def settle(self, outputs: Any | None) -> str | None:
        """Bring layers in line with the values given back; why they are not the run's, or None.

        `outputs` are the run's stored test outputs, None where they are not the model's. Only a
        `fit` of its own can keep what no variable holds, so others are not looked at.
        """
        for layer in self.model._flatten_layers():
            # what Keras's preprocessing layers compute from their variables, once
            if hasattr(layer, "finalize_state"):
                layer.finalize_state()
        if self.fitted is None or outputs is None:
            return None
        seen = self.fitted.outputs(self.fitted.split.x_test)
        if np.allclose(seen, outputs, rtol=CLOSE, atol=CLOSE):
            return None
        return (
            f"its hypermodel's fit keeps something in the model that no variable holds: built "
            f"again, its test outputs differ from the stored ones by up to "
            f"{np.abs(seen - outputs).max():.3g}"
        )


def rebuilt(event: Mapping[str, Any], shape: DataShape, read: Callable[[], Any]) -> Rebuilt:
    """The model of a run event, untrained; its module must be importable.

    `read` gives the study's split, where the hypermodel has a `fit` of its own.
    """
    config, seeds = event["config"], event["seeds"]
    init, made = seeds["initialisation"], foreign.hypermodel(config)
    if not has_own_fit(made):
        model = foreign.build(made, answered(config), init)
        foreign.finish(model, np.zeros((1, *shape.input_shape), keras.config.floatx()))
        return Rebuilt(model)
    split = read()
    ready = prepared(config, init, shape, Sample.of(split))
    fitted = Fitted(ready, split, options(config, len(split.x_train)))
    if ready.call is not None and event["numerics"]["trained_by"] == "model.fit":
        fitted.adapt(seeds["order"])
    return Rebuilt(ready.model, fitted)
