"""One run ready to train: its program's signature, and every input of it as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpstudy.engine import augmentation, optimizers, padding
from hpstudy.engine.losses import loss_name
from hpstudy.engine.network import Arrays, Network
from hpstudy.engine.optimizers import Numbers
from hpstudy.engine.program import Carry, Run, Signature
from hpstudy.spec.declarations import DataShape, Tensor
from hpstudy.spec.length import length
from hpstudy.subsets.rules import Rule, count, select
from hpstudy.subsets.split import Parts, pad, split

Shapes = Mapping[str, tuple[int, ...]]
PREFIX_LIMIT = 2**30  # bytes of cached activations; beyond it the prefix is computed every step


@dataclass(frozen=True)
class Material:
    """What a run's setup is made of: a network's tensors, the kind and initial value of each path.

    `config`, `structure` and `room` (path -> shape) are those of its program, which may be padded.
    `momentum` is the largest of its moving statistics, None without any.
    """

    config: Mapping[str, Any]
    structure: tuple[tuple[str, Any], ...]
    tensors: tuple[Tensor, ...]
    kinds: Mapping[str, str]
    values: Arrays
    room: Shapes
    momentum: float | None


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
    shapes: Shapes
    seed: int
    momentum: float | None


@dataclass(frozen=True)
class Ground:
    """What the runs of one worker have in common: the data's shape, its parts' sizes, the dtype."""

    shape: DataShape
    examples: int
    validation: int
    dtype: Any


def setup_of(
    material: Material, config: Mapping[str, Any], seeds: Mapping[str, int], ground: Ground
) -> Setup:
    """The setup of a run of `config`.

    Raises RuleError where the subset does not fit the network.
    """
    room, kinds, dtype = material.room, material.kinds, ground.dtype
    rule = Rule.from_config(config)
    counts = count(rule, material.tensors)
    selection = select(rule, material.tensors, seeds["mask"])
    values = {
        path: np.asarray(value, None if value.dtype.kind in "ui" else dtype)
        for path, value in material.values.items()
    }
    shapes = {path: value.shape for path, value in values.items()}
    of_kind = {
        kind: {path: value for path, value in values.items() if kinds[path] == kind}
        for kind in ("parameter", "state", "input")
    }
    parts = pad(_filled(split(selection, of_kind["parameter"]), shapes, room))
    optimizer = optimizers.kind(config)
    trained = tuple(
        (path, len(parts.theta[path]) if path in parts.indices else -1)
        for path in sorted(parts.theta)
    )
    planned = length(config, ground.examples)
    signature = Signature(
        model=config["model.type"],
        structure=material.structure,
        trained=trained,
        input_shape=ground.shape.input_shape,
        outputs=ground.shape.outputs,
        task=ground.shape.task,
        loss=loss_name(config["training.loss"], ground.shape.task),
        optimizer=optimizer,
        batch_size=int(config["training.batch_size"]),
        examples=ground.examples,
        validation=ground.validation,
        keep_last=config["training.last_batch"] == "keep",
        ragged=planned.steps % planned.steps_per_epoch > 0,
        dtype=str(dtype),
        prefix_limit=PREFIX_LIMIT,
        augmented=augmentation.is_on(config),
    )
    run = Run(
        base=parts.base,
        indices=parts.indices,
        inputs=of_kind["input"],
        numbers=Numbers.from_config(config, dtype),
        smoothing=dtype.type(config.get("training.label_smoothing") or 0.0),
    )
    states = padding.filled(of_kind["state"], room)
    carry = Carry(parts.theta, states, optimizers.start(optimizer, parts.theta))
    figures = {"trained": counts.trained, "frozen": counts.frozen, "total": counts.total}
    init = seeds["initialisation"]
    return Setup(
        material.config,
        signature,
        carry,
        run,
        values,
        figures,
        shapes,
        init,
        material.momentum,
    )


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
