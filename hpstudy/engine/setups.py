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
from hpstudy.hypermodels.initial import VariablePlan, initial_values, kinds_of, plan
from hpstudy.spec.declarations import DataShape, ModelDeclaration, Tensor
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.length import length
from hpstudy.subsets.keras import tensors, variables
from hpstudy.subsets.rules import Rule, count, select
from hpstudy.subsets.split import Parts, pad, split

Shapes = Mapping[str, tuple[int, ...]]
PREFIX_LIMIT = 2**30  # bytes of cached activations; beyond it the prefix is computed every step

_PLANS = 64  # distinct model settings whose variable plans a worker keeps


@dataclass(frozen=True)
class Blueprint:
    """A model's variables as plain data: enough for any number of runs, without the model."""

    plan: tuple[VariablePlan, ...]
    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Material:
    """What a run's setup is made of: a network's tensors, the kind and initial value of each path.

    `config`, `structure` and `room` (path -> shape) are those of its program, which may be padded.
    """

    config: Mapping[str, Any]
    structure: tuple[tuple[str, Any], ...]
    tensors: tuple[Tensor, ...]
    kinds: Mapping[str, str]
    values: Arrays
    room: Shapes


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
    are the network's own. Layers of other people's may draw constants by the `seed` of the run's
    initialisation, which then are part of the signature.
    """

    config: Mapping[str, Any]
    signature: Signature
    carry: Carry
    run: Run
    initial: Arrays
    counts: dict[str, int]
    shapes: Mapping[str, tuple[int, ...]]
    seed: int


class Setups:
    """Turns configurations into setups; keeps the variable plans of recent architectures.

    `sample` is a `hpstudy.engine.foreign.Sample`, which other people's hypermodels need.
    """

    def __init__(
        self, shape: DataShape, examples: int, validation: int, dtype: str, sample: Any = None
    ) -> None:
        self.shape, self.examples, self.validation = shape, examples, validation
        self._dtype, self._sample = np.dtype(dtype), sample
        self._prepared: tuple[Any, Any] = (None, None)
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
        if is_foreign(config):
            material = self._foreign(config, seeds)
        else:
            material = self._declared(config, seeds, rounded or {})
        roomy, room, kinds = material.config, material.room, material.kinds
        rule = Rule.from_config(config)
        counts = count(rule, material.tensors)
        selection = select(rule, material.tensors, seeds["mask"])
        values = {
            path: np.asarray(value, None if value.dtype.kind in "ui" else self._dtype)
            for path, value in material.values.items()
        }
        shapes = {path: value.shape for path, value in values.items()}
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
        planned = length(config, self.examples)
        signature = Signature(
            model=config["model.type"],
            structure=material.structure,
            trained=trained,
            input_shape=self.shape.input_shape,
            outputs=self.shape.outputs,
            task=self.shape.task,
            loss=loss_name(config["training.loss"], self.shape.task),
            optimizer=optimizer,
            batch_size=int(config["training.batch_size"]),
            examples=self.examples,
            validation=self.validation,
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
        init = seeds["initialisation"]
        return Setup(roomy, signature, carry, run, values, figures, shapes, init)

    def build(self, setup: Setup) -> Built:
        """The model of a setup as traceable networks, cut where training begins."""
        signature = setup.signature
        trained = {path for path, _ in signature.trained}
        if is_foreign(setup.config):
            return self._foreign_network(setup, trained)
        model = build_model(setup.config, self.shape)
        paths = {id(owned.variable): owned.path for owned in variables(model)}
        kinds = {planned.path: planned.kind for planned in plan(model)}
        network = Network.of(model, kinds, paths)
        return self._cut(network, kinds, trained, signature)

    def prepared(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> Any:
        """The `hpstudy.engine.foreign.Prepared` of a run of somebody else's hypermodel."""
        from hpstudy.engine import foreign

        key = (dict(config), seeds["initialisation"])
        if self._prepared[0] != key:
            made = foreign.prepared(config, seeds["initialisation"], self.shape, self._sample)
            self._prepared = key, made
        return self._prepared[1]

    def take(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> Any:
        """As `prepared`, to be trained: no later run gets the same model."""
        made = self.prepared(config, seeds)
        self._prepared = None, None
        return made

    def compiles(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> bool:
        """Whether the compiled engine trains such runs; what cannot be built it does not."""
        try:
            return not is_foreign(config) or self.prepared(config, seeds).why is None
        except Exception:
            return False

    def _declared(
        self, config: Mapping[str, Any], seeds: Mapping[str, int], rounded: Mapping[str, Any]
    ) -> Material:
        blueprint = self._blueprint(config)
        roomy = {**config, **rounded}
        return Material(
            roomy,
            structure(declaration(roomy), roomy),
            blueprint.tensors,
            {variable.path: variable.kind for variable in blueprint.plan},
            initial_values(blueprint.plan, seeds["initialisation"], seeds["dropout"]),
            {variable.path: variable.shape for variable in self._blueprint(roomy).plan},
        )

    def _foreign(self, config: Mapping[str, Any], seeds: Mapping[str, int]) -> Material:
        from hpstudy.engine import foreign

        model = self.prepared(config, seeds).model
        values = foreign.initial(model, seeds["dropout"])
        shapes = {path: value.shape for path, value in values.items()}
        made = foreign.architecture(model, int(config["training.batch_size"]), self.shape)
        structure = (("architecture", made),)
        return Material(config, structure, tensors(model), kinds_of(model), values, shapes)

    def _foreign_network(self, setup: Setup, trained: set[str]) -> Built:
        from hpstudy.engine import foreign

        made = foreign.prepared(setup.config, setup.seed, self.shape, self._sample)
        model, kinds = made.model, kinds_of(made.model)
        paths = {id(owned.variable): owned.path for owned in variables(model)}
        foreign.switch(model, setup.config, trained)
        network = Network.of(model, kinds, paths, penalised=bool(foreign.penalties(model)))
        if network.penalised:
            # a frozen layer's own losses belong to the whole
            return Built(network, None, network)
        return self._cut(network, kinds, trained, setup.signature)

    def _cut(
        self, network: Network, kinds: Mapping[str, str], trained: set[str], signature: Signature
    ) -> Built:
        """The network, and its halves where what lies before the first trained entry is cut."""
        model, paths = network.model, network.paths
        changing = {key for key, path in paths.items() if path in trained or kinds[path] == "state"}
        # what is computed once holds for images that are read alike in every epoch
        halves = None if signature.augmented else cut(model, changing)
        if halves is None or self._cached_bytes(halves[0]) > signature.prefix_limit:
            return Built(network, None, network)
        before, rest = (Network.of(half, kinds, _paths(half, paths)) for half in halves)
        return Built(network, before, rest)

    def _cached_bytes(self, before: Any) -> int:
        width = int(np.prod(before.outputs[0].shape[1:]))
        return (self.examples + self.validation) * width * self._dtype.itemsize

    def _blueprint(self, config: Mapping[str, Any]) -> Blueprint:
        key = tuple(sorted((k, v) for k, v in config.items() if k.startswith("model.")))
        known = self._blueprints.get(key)
        if known is None:
            model = build_model(config, self.shape)
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
