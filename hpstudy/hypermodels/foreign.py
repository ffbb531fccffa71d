"""Somebody else's hypermodel: imported, built and fitted, in workers alone."""

from __future__ import annotations

import importlib
import inspect
import random
import sys
from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner
import numpy as np

from hpstudy.hypermodels.asking import answered
from hpstudy.hypermodels.base import ModelError
from hpstudy.hypermodels.drawn import by_numpy
from hpstudy.spec.foreign import ARGS
from hpstudy.spec.seeds import derived


def hypermodel(config: Mapping[str, Any]) -> Any:
    """The `keras_tuner.HyperModel` that `model.type` names, made with `model.args`.

    It may be a class, an instance or a function `build_model(hp)`. Raises ModelError for others.
    """
    module, _, name = str(config["model.type"]).partition(":")
    found = getattr(importlib.import_module(module), name)
    args = {
        key.removeprefix(ARGS): _plain(value)
        for key, value in config.items()
        if key.startswith(ARGS)
    }
    if inspect.isclass(found) and issubclass(found, keras_tuner.HyperModel):
        _check_arguments(name, found, args)
        return found(**args)
    if isinstance(found, keras_tuner.HyperModel):
        if args:
            raise ModelError(f"{name} is made already, so model.args cannot reach it; saw {args}")
        return found
    if inspect.isfunction(found):
        _check_arguments(name, found, args, "hp")
        return _Function(found, args)
    kind = "another class" if inspect.isclass(found) else type(found).__name__
    raise ModelError(
        f"{module}:{name} is {kind}; it takes a keras_tuner.HyperModel, or a function of hp that "
        f"gives a Keras model"
    )


def _check_arguments(name: str, found: Any, args: Mapping[str, Any], *given: str) -> None:
    """Raise ModelError where a hypermodel takes other arguments than the study gives."""
    try:
        inspect.signature(found).bind(*given, **args)
    except TypeError as error:
        takes = ", ".join([*inspect.signature(found).parameters][len(given) :]) or "none"
        raise ModelError(
            f"{name} cannot be made with model.args: {error}; it takes {takes}, and the study "
            f"gives {', '.join(args) or 'none'}"
        ) from None


class _Function(keras_tuner.HyperModel):  # type: ignore[misc]
    """A function `build_model(hp, **args)` as a hypermodel."""

    def __init__(self, function: Any, args: Mapping[str, Any]) -> None:
        super().__init__()
        self.build = lambda hp: function(hp, **args)


def rebuilt(config: Mapping[str, Any], shape: Mapping[str, Any]) -> Any:
    """The model of a stored configuration, untrained; its module must be importable."""
    model = build(hypermodel(config), answered(config), 0)
    if not model.built:
        model.build((None, *shape["input_shape"]))
    return model


def seed(stream: int, *words: object) -> None:
    """Seed Python, NumPy and Keras from one of a run's streams."""
    number = derived(stream, *words) % 2**32
    if "tensorflow" in sys.modules:
        keras.utils.set_random_seed(number)
        return
    # which would import TensorFlow; without a seed of its own Keras draws one from Python
    random.seed(number)
    np.random.seed(number)


def build(hypermodel: Any, hp: Any, init_seed: int) -> Any:
    """The model of `hp`, with initial values that depend on (hp, init_seed) alone.

    Its own initialisers draw them. Raises ModelError where `build` gives no Keras model.
    """
    keras.backend.clear_session(free_memory=False)
    seed(init_seed, "build")
    with by_numpy():
        model = hypermodel.build(hp)
    if not isinstance(model, keras.Model):
        hint = "; is its `return model` missing?" if model is None else ""
        seen = type(model).__name__
        raise ModelError(f"build(hp) gave {seen}; it must give a Keras model{hint}")
    _check_step(model)
    hp.end_build()
    return model


def _check_step(model: Any) -> None:
    """Raise ModelError for a training step that is written for another backend than this one."""
    if keras.backend.backend() != "jax":
        return
    for name in ("train_step", "test_step"):
        step = getattr(type(model), name)
        takes = [*inspect.signature(step).parameters.values()][1:]
        if len(takes) == 1 and takes[0].kind is not inspect.Parameter.VAR_POSITIONAL:
            say = f"{type(model).__name__}.{name}({takes[0].name}) is written for TensorFlow"
            raise ModelError(
                f"{say}; add `engine: {{backend: tensorflow}}` to the study, or let it take "
                f"(state, data) as Keras on JAX does"
            )


def finish(model: Any, x: Any) -> None:
    """Make the variables of a model that is only built when it is called; `x` are its inputs."""
    if not model.built:
        inputs = keras.tree.map_structure(
            lambda one: keras.Input(one.shape[1:], dtype=str(one.dtype)), x
        )
        with by_numpy():
            model(inputs)


def _plain(value: Any) -> Any:
    """Lists of a study file are tuples in a configuration, and lists again after JSON."""
    return tuple(_plain(one) for one in value) if isinstance(value, list | tuple) else value
