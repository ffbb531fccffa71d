"""Every variable of a model: what it is, and its initial value as a function of a run's seeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from hpstudy.hypermodels.initializers import Constant, InitializerError, draw
from hpstudy.spec.seeds import derived
from hpstudy.subsets.keras import Owned, variables


@dataclass(frozen=True)
class Seeded:
    """In place of an initialiser: the state of a SeedGenerator, seeded by the dropout stream."""


@dataclass(frozen=True)
class VariablePlan:
    """One variable of a model, in plain data and an initialiser.

    kind: 'parameter' for what a subset may train; 'input' for a number that the program takes as
    an input (momentum, epsilon, rate), whose initialiser is a Constant; 'state' for the rest.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    initializer: Any
    kind: Literal["parameter", "state", "input"]


def plan(model: Any) -> tuple[VariablePlan, ...]:
    """All variables of a built model in `model.variables`' order; paths are those of `tensors`.

    Initialisers are found on the owning layer, as `<variable>_initializer`; where there is none
    a variable whose entries are all equal keeps that number. Raises InitializerError for others.
    """
    return tuple(_planned(owned) for owned in variables(model))


def kinds_of(model: Any) -> dict[str, Literal["parameter", "state", "input"]]:
    """The kind of each variable of any built model, by path."""
    return {owned.path: _kind(owned) for owned in variables(model)}


def initial_values(
    plan: Iterable[VariablePlan], init_seed: int, dropout_seed: int
) -> dict[str, NDArray[Any]]:
    """path -> array in the variable's dtype, each from its own stream of (seed, path)."""
    values: dict[str, NDArray[Any]] = {}
    for one in plan:
        if isinstance(one.initializer, Seeded):
            values[one.path] = seed_state(dropout_seed, one.path, one.dtype)
        else:
            drawn = draw(one.initializer, one.shape, derived(init_seed, one.path))
            values[one.path] = drawn.astype(one.dtype)
    return values


def _planned(owned: Owned) -> VariablePlan:
    path, variable, layer, _ = owned
    shape = tuple(int(size) for size in variable.shape)
    dtype, kind = keras.backend.standardize_dtype(variable.dtype), _kind(owned)
    if kind == "input":
        given = getattr(layer, f"{variable.name}_initializer")
        return VariablePlan(path, shape, dtype, given, kind)
    drawn = Seeded() if is_seed(owned) else _initializer(owned)
    return VariablePlan(path, shape, dtype, drawn, kind)


def _kind(owned: Owned) -> Literal["parameter", "state", "input"]:
    if owned.variable.name in getattr(owned.layer, "program_inputs", ()):
        return "input"
    return "parameter" if owned.parameter and not is_seed(owned) else "state"


def is_seed(owned: Owned) -> bool:
    """Whether a variable is the state of a SeedGenerator."""
    return any(owned.variable is source.state for source in owned.layer._seed_generators)


def seed_state(dropout_seed: int, path: str, dtype: str) -> NDArray[Any]:
    """Where a SeedGenerator begins in a run."""
    # 31 bits: what the seed dtypes of all backends hold
    return np.array([derived(dropout_seed, path) % 2**31, 0], dtype=dtype)


def _initializer(owned: Owned) -> Any:
    path, variable, layer, _ = owned
    stem = variable.name.removesuffix("_kernel")
    depthwise = ("depthwise",) if variable.name == "kernel" else ()
    for name in (variable.name, stem, *depthwise):
        found = getattr(layer, f"{name}_initializer", None)
        if found is not None:
            return found
    values = keras.ops.convert_to_numpy(variable.value)
    if values.size and (values == values.flat[0]).all():
        return Constant(values.flat[0])
    raise InitializerError(
        f"{path} cannot be drawn from a run's seed: layer {layer.name!r} "
        f"({type(layer).__name__}) has no attribute {variable.name}_initializer; keep the "
        f"initialiser there"
    )
