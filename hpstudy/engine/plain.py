"""Somebody else's model trained by its own hypermodel's `fit`, on whichever backend Keras runs.

The reference path of what the compiled engine does not hold. The subset acts as trainable flags
and a constraint; the run's own order of examples stands in for Keras's shuffling where `fit` hands
`model.fit` plain arrays.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import keras
import numpy as np

from hpstudy.engine import augmentation, foreign, moving
from hpstudy.engine.captured import replaced
from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Report, Result
from hpstudy.engine.ordered import Ordered, Turn
from hpstudy.engine.parts import Parts
from hpstudy.engine.preparing import STEPS, Prepared, options
from hpstudy.engine.program import Signature
from hpstudy.engine.record import recorded
from hpstudy.engine.reference import Rates
from hpstudy.engine.setup import PREFIX_LIMIT
from hpstudy.engine.setups import Setups
from hpstudy.engine.watch import Steps, Watch, stored
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.compiling import compile_model
from hpstudy.hypermodels.foreign import seed
from hpstudy.spec.foreign import BATCH, LEFT
from hpstudy.spec.length import Length, length
from hpstudy.subsets import keras as subset
from hpstudy.subsets.rules import Rule, Selection, count, select

_FIT = inspect.signature(keras.Model.fit)
_OWN_LOOP = 10_000  # epochs that a `fit` may train by itself, where nobody says how many


def train(job: Job, setups: Setups, parts: Parts, test: Any, report: Report) -> Result:
    """Train and score one run; `test` is (x_test, y_test) for a confirm job, else None.

    Raises whatever the hypermodel raises; divergence is a result.
    """
    began = perf_counter()
    made: Prepared = setups.take(job.config, job.seeds)
    model, shape, config = made.model, setups.shape, job.config
    variables = {owned.path: owned.variable for owned in subset.variables(model)}
    initial = foreign.initial(model, job.seeds["dropout"])
    for path, value in initial.items():
        variables[path].assign(value)
    rule, table = Rule.from_config(config), subset.tensors(model)
    counts, selection = count(rule, table), select(rule, table, job.seeds["mask"])
    momentum = moving.slowest(model, config)
    if rule.train != "as_built":
        subset.apply(model, selection)
    host = Host(
        job, _signature(config, setups), _plan(made, config, len(parts.y_train)), *_of(parts)
    )
    if augmentation.is_on(config):
        raise ModelError(f"training.augment is the compiled engine's, and this model: {made.why}")
    compiled = bool(model.compiled)
    if not compiled:
        compile_model(model, config, shape.task, Rates(host.rates))
    x, x_val = (_whole(array, shape.input_shape) for array in (parts.data.x, parts.data.x_val))
    x_val = x_val[: len(parts.y_val)]
    y, y_val = (foreign.labels(model, one, shape) for one in (parts.y_train, parts.y_val))
    given = options(config, len(x))
    inputs = made.inputs(model, x_val, (x, y), given)
    watch = Watch(host, model, compiled, inputs, parts.y_val, report)
    steps = Steps(host.plan.steps) if STEPS in config else None
    callbacks = [watch] if steps is None else [watch, steps]
    seed(job.seeds["order"], "fit")
    with replaced(model, partial(_ordered, model, job)):
        made.hypermodel.fit(
            made.hp, model, x, y, validation_data=(x_val, y_val), callbacks=callbacks, **given
        )
    final = watch.end()
    if steps is not None:
        steps.check(used_up=host.epoch == host.plan.epochs)
    _check_frozen(selection, initial, final)
    for path, value in final.items():
        variables[path].assign(value)

    def predict(images: Any) -> Any:
        images = np.asarray(images, keras.config.floatx())
        return stored(model, made.inputs(model, images, (x, y), given), shape)

    figures = {"trained": counts.trained, "frozen": counts.frozen, "total": counts.total}
    described = _Described(host.signature, initial, figures)
    ended = recorded(host, described, predict, lambda: final, parts, test)
    numerics = {"trained_by": "model.fit", "because": made.why, "initialisation": "its own"}
    seconds = {"total": perf_counter() - began, "compile": 0.0}
    return ended.noting(numerics, seconds=seconds, **moving.facts(host, momentum, watch.kept_steps))


@dataclass(frozen=True)
class _Described:
    signature: Signature
    initial: dict[str, Any]
    counts: dict[str, int]


def _ordered(model: Any, job: Job, *args: Any, **given: Any) -> Any:
    """`model.fit` in the run's own order of examples, where it is given plain arrays to shuffle."""
    fit = type(model).fit.__get__(model)
    if type(model).fit is not keras.Model.fit:
        return fit(*args, **given)
    options = dict(_FIT.bind(model, *args, **given).arguments)
    del options["self"]
    options.setdefault("verbose", 0)
    x, y = options.get("x"), options.get("y")
    split = any(options.get(name) for name in ("validation_split", "steps_per_epoch"))
    weighted = options.get("sample_weight") is not None
    if not _arrays(x, y) or split or weighted or not options.get("shuffle", True):
        options["batch_size"] = options.get("batch_size") or job.config[BATCH]
        return fit(**options)
    batch = int(options.pop("batch_size", None) or job.config[BATCH])
    keep = job.config["training.last_batch"] == "keep"
    data = Ordered(x, y, batch, job.seeds["order"], keep)
    callbacks = [*(options.pop("callbacks", None) or []), Turn(data)]
    return fit(**{**options, "x": data, "y": None, "shuffle": False, "callbacks": callbacks})


def _arrays(*data: Any) -> bool:
    leaves = [leaf for one in data for leaf in keras.tree.flatten(one)]
    return all(isinstance(leaf, np.ndarray) for leaf in leaves)


def _check_frozen(
    selection: Selection, initial: Mapping[str, Any], final: Mapping[str, Any]
) -> None:
    """Raise ModelError where training by somebody's `fit` moved what the subset freezes."""
    for path, chosen in selection.items():
        if isinstance(chosen, str) and chosen == "all":
            continue
        moved = initial[path].reshape(-1) != final[path].reshape(-1)
        if not isinstance(chosen, str):
            moved[chosen] = False
        if moved.any():
            raise ModelError(
                f"{int(moved.sum())} frozen entries of {path} moved: the hypermodel's fit changes "
                f"weights past the optimizer, which no subset can hold"
            )


def _plan(made: Prepared, config: Mapping[str, Any], examples: int) -> Length:
    if made.call is None and "epochs" in config[LEFT]:
        return Length(1, _OWN_LOOP)
    return length(config, examples)


def _signature(config: Mapping[str, Any], setups: Setups) -> Signature:
    """What bookkeeping needs of a run that has no compiled program."""
    shape = setups.shape
    named = str(config["training.loss"])
    usual = "cross_entropy" if shape.task == "classification" else "mse"
    return Signature(
        model=config["model.type"],
        structure=(),
        trained=(),
        input_shape=shape.input_shape,
        outputs=shape.outputs,
        task=shape.task,
        loss=named if shape.task == "regression" and named in ("mae", "huber") else usual,
        optimizer=str(config["training.optimizer"]),
        batch_size=int(config[BATCH]),
        examples=setups.examples,
        validation=setups.validation,
        keep_last=config["training.last_batch"] == "keep",
        dtype=keras.config.floatx(),
        ragged=False,
        prefix_limit=PREFIX_LIMIT,
        augmented=False,
    )


def _of(parts: Parts) -> tuple[str, float, tuple[float, float]]:
    return parts.task, parts.scale, parts.variance


def _whole(array: Any, shape: tuple[int, ...]) -> Any:
    """An array of the device, chunked or not, as one NumPy array of examples."""
    return np.asarray(array).reshape(-1, *shape)
