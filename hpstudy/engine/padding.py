"""Networks padded to few sizes, where the added units cost less than compiling another program.

A padded unit has zero weights in and out, so it passes nothing on, its gradients are zero, and no
optimizer moves it: the network is the one that was asked for, in a program that others share.
Initial values and masks are drawn at the network's own shapes, and results are cut back to them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from hpstudy.spec.declarations import DataShape, ModelDeclaration
from hpstudy.spec.length import Length
from hpstudy.spec.space import Choice, IntRange, Scalar, Value
from hpstudy.subsets.powers import power_of_two


def padded(
    config: Mapping[str, Scalar],
    settings: Mapping[str, Value],
    declaration: ModelDeclaration,
    shape: DataShape,
    plan: Length,
    compilation: float,
) -> dict[str, Scalar]:
    """The settings of a run's `config` that its program rounds up, with their values there.

    Empty where nothing is saved: a setting that is not searched, or over no more values than its
    rounded ones, and added products that take longer than the `compilation`, in operations. It
    follows from the study file and the kind of device.
    """
    own = {k.removeprefix("model."): v for k, v in config.items() if k.startswith("model.")}
    own.pop("type")
    rounded = {
        name: value
        for name, value in declaration.padded(own).items()
        if value != own[name] and _varied(settings.get(f"model.{name}"))
    }
    if not rounded:
        return {}
    sizes = [
        sum(math.prod(tensor.shape) for tensor in declaration.tensors(one, shape))
        for one in (own, own | rounded)
    ]
    examples = plan.steps * int(str(config["training.batch_size"]))
    # a multiplication and an addition for each parameter: forward, weights, inputs
    added = 6 * (sizes[1] - sizes[0]) * examples
    return {f"model.{k}": v for k, v in rounded.items()} if added < compilation else {}


def filled(values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Arrays with zeros after the end of each axis, up to `shapes`."""
    return {path: _filled(value, shapes[path]) for path, value in values.items()}


def cut(values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Arrays without what `filled` added."""
    return {
        path: value[tuple(slice(size) for size in shapes[path])] for path, value in values.items()
    }


def moved(index: Any, own: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Flat indices into an array of shape `own`, as indices into the same one filled to `shape`."""
    return np.ravel_multi_index(np.unravel_index(index, own), shape)


def _filled(value: Any, shape: tuple[int, ...]) -> Any:
    added = [(0, size - own) for own, size in zip(value.shape, shape, strict=True)]
    return np.pad(value, added) if any(after for _, after in added) else value


def _varied(value: Value) -> bool:
    """Whether a search meets more values than it would meet rounded ones."""
    if isinstance(value, IntRange):
        return _coincide(range(value.low, value.high + 1, value.step))
    options = value.options if isinstance(value, Choice) else ()
    return _coincide(tuple(one for one in options if isinstance(one, int)))


@cache
def _coincide(values: range | tuple[int, ...]) -> bool:
    """Whether some of the values are rounded to the same; kept, as every run of a cell asks."""
    distinct = set(values)
    return len(distinct) > len({power_of_two(one) for one in distinct})
