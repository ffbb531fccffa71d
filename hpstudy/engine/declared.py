"""Our own architectures in the engine: built from settings, and what shapes their programs."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.initial import VariablePlan, plan
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Tensor
from hpstudy.subsets.keras import tensors

_PLANS = 64  # distinct model settings whose variable plans a worker keeps


@dataclass(frozen=True)
class Blueprint:
    """A model's variables as plain data: enough for any number of runs, without the model."""

    plan: tuple[VariablePlan, ...]
    tensors: tuple[Tensor, ...]


class Blueprints:
    """The blueprints of recent architectures on data of one shape."""

    def __init__(self, shape: DataShape) -> None:
        self._shape = shape
        self._kept: OrderedDict[tuple[Any, ...], Blueprint] = OrderedDict()

    def of(self, config: Mapping[str, Any]) -> Blueprint:
        key = tuple(sorted((k, v) for k, v in config.items() if k.startswith("model.")))
        known = self._kept.get(key)
        if known is None:
            model = build_model(config, self._shape)
            known = self._kept[key] = Blueprint(plan(model), tensors(model))
            if len(self._kept) > _PLANS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return known


def declaration(config: Mapping[str, Any]) -> ModelDeclaration:
    """The declaration of a configuration's architecture."""
    return HYPERMODELS[config["model.type"]]


def build_model(config: Mapping[str, Any], shape: DataShape) -> Any:
    """The Keras model of a configuration, with layer names that depend on nothing else."""
    import keras

    keras.backend.clear_session(free_memory=False)
    module, function = declaration(config).build.split(":")
    own = {k.removeprefix("model."): v for k, v in config.items() if k.startswith("model.")}
    own.pop("type")
    return getattr(importlib.import_module(module), function)(own, shape)


def structure(entry: ModelDeclaration, config: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    """The settings that shape the traced computation; of an input number, whether it is zero."""
    facts = []
    for parameter in entry.parameters:
        value = config.get(f"model.{parameter.name}")
        if parameter.role == "structure":
            facts.append((parameter.name, value))
        elif parameter.name in ("dropout", "residual_dropout"):
            facts.append((parameter.name, bool(value)))
    return tuple(facts)
