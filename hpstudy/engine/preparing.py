"""Somebody else's hypermodel built and met: its model with initial values, and how `fit` trains it.

Everything here runs the hypermodel's own code, in workers and where a trained model is built again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import keras_tuner
import numpy as np

from hpstudy.engine import holding
from hpstudy.engine.captured import Call, captured
from hpstudy.engine.foreign import labels
from hpstudy.engine.parts import targets
from hpstudy.hypermodels import foreign
from hpstudy.hypermodels.asking import answered
from hpstudy.hypermodels.base import ModelError
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import BATCH, LEFT
from hpstudy.spec.layers import LENGTHS
from hpstudy.spec.length import length
from hpstudy.subsets.keras import variables

FEW = 64  # examples that a hypermodel's `fit` sees before its model is trained
BATCH_SIZE = 32  # Keras's own, where neither the study file nor `fit` says one
EPOCHS, STEPS = LENGTHS


@dataclass(frozen=True)
class Sample:
    """A few examples, for what a hypermodel's `fit` does with data: inputs and labels twice.

    `examples` is how many the whole training part has.
    """

    x: Any
    y: Any
    x_val: Any
    y_val: Any
    examples: int

    @classmethod
    def of(cls, split: Any, count: int | None = FEW) -> Sample:
        """The first examples of a `hpstudy.data` split, in the form that the whole is trained in.

        All of them where `count` is None.
        """
        task, dtype = split.shape.task, keras.config.floatx()
        x, x_val = (np.asarray(one[:count], dtype) for one in (split.x_train, split.x_val))
        y, y_val = (targets(task, one[:count], dtype) for one in (split.y_train, split.y_val))
        return cls(x, y, x_val, y_val, len(split.x_train))

    def half(self) -> Sample:
        """Half as many examples, in which no extreme, mean or spread of the inputs is the same."""
        few = slice(FEW // 2)
        x, x_val = (2 * one[few] + 1 for one in (self.x, self.x_val))
        return Sample(x, self.y[few], x_val, self.y_val[few], self.examples)


@dataclass(frozen=True)
class Prepared:
    """A model with its initial values; `why` says what keeps the compiled engine from it.

    `call` is how `fit` calls `model.fit`, None where it trains the model by itself.
    """

    hypermodel: Any
    hp: Any
    model: Any
    call: Call | None
    why: str | None

    def inputs(
        self, model: Any, x: Any, training: tuple[Any, Any], given: Mapping[str, Any]
    ) -> Any:
        """`x` as the hypermodel's `fit` hands it to the model, whose values stay as they are.

        `training` are the data of the run and `given` its `options`. Raises ModelError where `fit`
        changes its data and shows no changed validation data.
        """
        if self.call is None or self.call.untouched:
            return x
        before = [(variable, np.array(variable.value)) for variable in model.variables]
        same = np.repeat(training[1][:1], len(x), axis=0)
        # with all of the data, so that what it adapts to them is adapted alike
        call = captured(self.hypermodel, self.hp, model, *training, (x, same), **given)
        for variable, value in before:
            variable.assign(value)
        if call is None or call.validation is None:
            raise ModelError(
                "the hypermodel's fit changes its data and hands model.fit no validation_data, so "
                "it cannot be known what its model takes"
            )
        return call.validation[0]


def options(config: Mapping[str, Any], examples: int) -> dict[str, Any]:
    """What the study file says of `model.fit`, as `Tuner.search` would hand it to `fit`.

    Steps are told as the epochs that hold them. While it is open which batch size `fit` takes,
    those of Keras's own.
    """
    left = config.get(LEFT, ())
    said = {"epochs": EPOCHS, "batch_size": BATCH}
    found = {name: config[key] for name, key in said.items() if key in config and name not in left}
    if STEPS in config:
        batch = int(config.get(BATCH, BATCH_SIZE))
        # a batch beyond the examples is refused where runs are planned
        found["epochs"] = length({**config, BATCH: batch}, max(examples, batch)).epochs
    return found


def prepared(
    config: Mapping[str, Any], init_seed: int, shape: DataShape, sample: Sample
) -> Prepared:
    """The model of a full configuration."""
    made = foreign.hypermodel(config)
    hp = answered(config)
    model, call = met(made, hp, config, init_seed, shape, sample)
    if call is None:
        # it has trained on the sample, so it begins anew
        model = foreign.build(made, hp, init_seed)
        foreign.finish(model, sample.x)
    why = holding.beyond(model, call, shape, config)
    if why is None and reads(made, model, call, config, init_seed, shape, sample):
        why = "its fit changes the model by what it reads in the data"
    return Prepared(made, hp, model, call, why)


def met(
    made: Any, hp: Any, config: Mapping[str, Any], init: int, shape: DataShape, sample: Sample
) -> tuple[Any, Call | None]:
    """The built model, and how `fit` calls `model.fit`."""
    model = foreign.build(made, hp, init)
    y, y_val = (labels(model, one, shape) for one in (sample.y, sample.y_val))
    given = options(config, sample.examples)
    call = captured(made, hp, model, sample.x, y, (sample.x_val, y_val), **given)
    foreign.finish(model, call.x if call is not None else sample.x)
    return model, call


def has_own_fit(made: Any) -> bool:
    """Whether a hypermodel's `fit` is another than Keras Tuner's, which only calls `model.fit`."""
    return getattr(made.fit, "__func__", None) is not keras_tuner.HyperModel.fit


def reads(
    made: Any,
    model: Any,
    call: Call | None,
    config: Mapping[str, Any],
    init: int,
    shape: DataShape,
    sample: Sample,
) -> bool:
    """Whether `fit` leaves another model to be trained where it is given half of the sample.

    Raises ModelError where it hands `model.fit` another batch size or number of epochs then.
    """
    if call is None or not has_own_fit(made):
        return False
    half = sample.half()
    anew = foreign.hypermodel(config)
    try:
        other, again = met(anew, answered(config), config, init, shape, half)
    except ModelError:
        raise
    except Exception:
        # it minds what is in the data
        return True
    for name in ("batch_size", "epochs"):
        seen = [one.options.get(name) if one is not None else None for one in (call, again)]
        if seen[0] != seen[1]:
            raise ModelError(
                f"the hypermodel's fit takes {name} from its data ({seen[0]} for {FEW} examples, "
                f"{seen[1]} for {FEW // 2}); here it must be known before the data is"
            )
    first, second = (dict(_numbers(one)) for one in (model, other))
    return first.keys() != second.keys() or any(
        not np.array_equal(value, second[name]) for name, value in first.items()
    )


def _numbers(model: Any) -> Iterator[tuple[str, Any]]:
    """Every number that a model computes with: its variables, and what its layers keep beside."""
    for owned in variables(model):
        yield owned.path, np.asarray(owned.variable.value)
    for place, layer in enumerate(model._flatten_layers()):
        for name, value in vars(layer).items():
            plain = isinstance(value, bool | int | float | np.ndarray)
            if not name.startswith("_") and (plain or keras.ops.is_tensor(value)):
                yield f"{place} {name}", np.asarray(value)
