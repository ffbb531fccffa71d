"""What a run's settings build: the model's variables, the split of its entries, its signature."""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpstudy.engine import augmentation, padding
from hpstudy.engine.losses import loss_name
from hpstudy.engine.network import Arrays, Network
from hpstudy.engine.optimizers import Numbers, start
from hpstudy.engine.prefix import cut
from hpstudy.engine.program import Carry, Run, Signature
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.hypermodels.initial import VariablePlan, initial_values, plan
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Tensor
from hpstudy.spec.length import length
from hpstudy.subsets.keras import tensors, variables
from hpstudy.subsets.rules import Rule, count, select
from hpstudy.subsets.split import Parts, pad, split

PREFIX_LIMIT = 2**30  # bytes of cached activations; beyond it the prefix is computed every step
Shapes = Mapping[str, tuple[int, ...]]

_PLANS = 64  # distinct model settings whose variable plans a worker keeps


@dataclass(frozen=True)
class Blueprint:
    """A model's variables as plain data: enough for any number of runs, without the model."""

    plan: tuple[VariablePlan, ...]
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Built:
    """A model and what the engine traces of it: what training begins with, and what lies before.

    Without a prefix `before` is None and `rest` the whole network.
    """

    network: Network
    before: Network | None
    rest: Network


@dataclass(frozen=True)
class Setup:
    """One run, ready to train: its program's signature and every input of it.

    `config` and all arrays but `initial` are those of the program, which may be padded; `shapes`
    are the network's own.
    """

    config: Mapping[str, Any]
    signature: Signature
    carry: Carry
    run: Run
    initial: Arrays
    counts: dict[str, int]
    shapes: Mapping[str, tuple[int, ...]]


class Setups:
    """Turns configurations into setups; keeps the variable plans of recent architectures."""

    def __init__(self, shape: DataShape, examples: int, validation: int, dtype: str) -> None:
        self._shape, self._examples, self._validation = shape, examples, validation
        self._dtype = np.dtype(dtype)
        self._blueprints: OrderedDict[tuple[Any, ...], Blueprint] = OrderedDict()

    def of(
        self,
        config: Mapping[str, Any],
        seeds: Mapping[str, int],
        rounded: Mapping[str, Any] | None = None,
    ) -> Setup:
        """The setup of a run, with the settings `rounded` up in its program.

        Raises RuleError where the subset does not fit the network.
        """
        blueprint = self._blueprint(config)
        shapes = {variable.path: variable.shape for variable in blueprint.plan}
        roomy = {**config, **(rounded or {})}
        room = {variable.path: variable.shape for variable in self._blueprint(roomy).plan}
        rule = Rule.from_config(config)
        counts = count(rule, blueprint.tensors)
        selection = select(rule, blueprint.tensors, seeds["mask"])
        kinds = {variable.path: variable.kind for variable in blueprint.plan}
        values = {
            path: np.asarray(value, None if value.dtype.kind in "ui" else self._dtype)
            for path, value in initial_values(
                blueprint.plan, seeds["initialisation"], seeds["dropout"]
            ).items()
        }
        of_kind = {
            kind: {path: value for path, value in values.items() if kinds[path] == kind}
            for kind in ("parameter", "state", "input")
        }
        parts = pad(_filled(split(selection, of_kind["parameter"]), shapes, room))
        optimizer = config["training.optimizer"]
        trained = tuple(
            (path, len(parts.theta[path]) if path in parts.indices else -1)
            for path in sorted(parts.theta)
        )
        planned = length(config, self._examples)
        signature = Signature(
            model=config["model.type"],
            structure=structure(declaration(roomy), roomy),
            trained=trained,
            input_shape=self._shape.input_shape,
            outputs=self._shape.outputs,
            task=self._shape.task,
            loss=loss_name(config["training.loss"], self._shape.task),
            optimizer=optimizer,
            batch_size=int(config["training.batch_size"]),
            examples=self._examples,
            validation=self._validation,
            keep_last=config["training.last_batch"] == "keep",
            ragged=planned.steps % planned.steps_per_epoch > 0,
            dtype=str(self._dtype),
            prefix_limit=PREFIX_LIMIT,
            augmented=augmentation.is_on(config),
        )
        run = Run(
            base=parts.base,
            indices=parts.indices,
            inputs=of_kind["input"],
            numbers=Numbers.from_config(config, self._dtype),
            smoothing=self._dtype.type(config.get("training.label_smoothing") or 0.0),
        )
        states = padding.filled(of_kind["state"], room)
        carry = Carry(parts.theta, states, start(optimizer, parts.theta))
        figures = {"trained": counts.trained, "frozen": counts.frozen, "total": counts.total}
        return Setup(roomy, signature, carry, run, values, figures, shapes)

    def build(self, setup: Setup) -> Built:
        """The model of a setup as traceable networks, cut where training begins."""
        model, signature = build_model(setup.config, self._shape), setup.signature
        paths = {id(owned.variable): owned.path for owned in variables(model)}
        kinds = {planned.path: planned.kind for planned in plan(model)}
        network = Network.of(model, kinds, paths)
        trained = {path for path, _ in signature.trained}
        changing = {key for key, path in paths.items() if path in trained or kinds[path] == "state"}
        # what is computed once holds for images that are read alike in every epoch
        halves = None if signature.augmented else cut(model, changing)
        if halves is None or self._cached_bytes(halves[0]) > signature.prefix_limit:
            return Built(network, None, network)
        before, rest = (Network.of(half, kinds, _paths(half, paths)) for half in halves)
        return Built(network, before, rest)

    def _cached_bytes(self, before: Any) -> int:
        width = int(np.prod(before.outputs[0].shape[1:]))
        return (self._examples + self._validation) * width * self._dtype.itemsize

    def _blueprint(self, config: Mapping[str, Any]) -> Blueprint:
        key = tuple(sorted((k, v) for k, v in config.items() if k.startswith("model.")))
        known = self._blueprints.get(key)
        if known is None:
            model = build_model(config, self._shape)
            known = self._blueprints[key] = Blueprint(plan(model), tensors(model))
            if len(self._blueprints) > _PLANS:
                self._blueprints.popitem(last=False)
        self._blueprints.move_to_end(key)
        return known


def declaration(config: Mapping[str, Any]) -> ModelDeclaration:
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


def _filled(parts: Parts, shapes: Shapes, room: Shapes) -> Parts:
    """Parts of a network in the room of a larger one."""
    if shapes == room:
        return parts
    whole = {path: value for path, value in parts.theta.items() if path not in parts.indices}
    return Parts(
        padding.filled(parts.base, room),
        parts.theta | padding.filled(whole, room),
        {
            path: padding.moved(index, shapes[path], room[path])
            for path, index in parts.indices.items()
        },
    )


def _paths(model: Any, paths: Mapping[int, str]) -> dict[int, str]:
    return {id(variable): paths[id(variable)] for variable in model.variables}
