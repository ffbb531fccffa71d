"""A network's parameters as two plain parts: frozen values, and a vector of what trains.

`split` takes them apart, `join` puts them together again as a pure function, on NumPy and JAX
arrays alike (traced and batched ones too). Indices are inputs of a compiled program, so another
draw of the same size compiles nothing; `pad` makes sizes few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from hpstudy.subsets.powers import power_of_two
from hpstudy.subsets.rules import Selection

Array: TypeAlias = Any  # a numpy.ndarray or a jax.Array


@dataclass(frozen=True)
class Parts:
    """Parameters in two parts, keyed by path.

    base: whole tensors that training never changes; for an index set, its tensor's initial values.
    theta: what trains: a whole tensor, or for an index set the vector of its entries.
    indices: for each index set, the flat indices of theta's entries, sorted and distinct; those
        equal to the tensor's size or above belong to no entry (see `pad`).
    """

    base: dict[str, Array]
    theta: dict[str, Array]
    indices: dict[str, Array]


def split(selection: Selection, values: Mapping[str, Array]) -> Parts:
    """`values` (path -> array) taken apart as `selection` says; no array is copied needlessly."""
    if selection.keys() != values.keys():
        missing = sorted(selection.keys() - values.keys())
        unknown = sorted(values.keys() - selection.keys())
        raise ValueError(
            f"selection and values name other tensors: without a value: {missing}, "
            f"without a selection: {unknown}"
        )
    base: dict[str, Array] = {}
    theta: dict[str, Array] = {}
    indices: dict[str, Array] = {}
    for path, value in values.items():
        chosen = selection[path]
        if isinstance(chosen, str):
            (theta if chosen == "all" else base)[path] = value
        else:
            base[path] = value
            theta[path] = value.reshape(-1)[chosen]
            indices[path] = chosen
    return Parts(base, theta, indices)


def pad(parts: Parts) -> Parts:
    """`parts` with each index set's theta zero-padded to the next power of two.

    The added entries are inert: their indices lie beyond the tensor, where `join` drops them, so
    their gradient is zero.
    """
    theta, indices = dict(parts.theta), dict(parts.indices)
    for path, index in parts.indices.items():
        number = len(index)
        extra = power_of_two(number) - number
        beyond = parts.base[path].size + np.arange(extra, dtype=np.int64)
        indices[path] = np.concatenate([np.asarray(index), beyond])
        zeros = np.zeros(extra, dtype=np.asarray(theta[path]).dtype)
        theta[path] = np.concatenate([np.asarray(theta[path]), zeros])
    return Parts(parts.base, theta, indices)


def join(
    base: Mapping[str, Array], theta: Mapping[str, Array], indices: Mapping[str, Array]
) -> dict[str, Array]:
    """Every tensor whole again: `base` with theta's entries at `indices`, inert ones dropped."""
    joined = {path: value for path, value in base.items() if path not in theta}
    for path, value in theta.items():
        joined[path] = _put(base[path], indices[path], value) if path in indices else value
    return joined


def of_entries(
    joined: Mapping[str, Array], theta: Mapping[str, Array], indices: Mapping[str, Array]
) -> dict[str, Array]:
    """`join`'s tensors and gradients, of tensors that hold theta's entries already: no copy.

    A loop that carries the joined tensors renews them in place, `join(joined, theta, indices)`,
    where `join` from the base would copy each of them at every step.
    """
    rule = _entries_rule()
    return {path: rule(value, theta[path], indices[path]) for path, value in joined.items()}


def _entries_rule() -> Any:
    import jax

    @jax.custom_vjp
    def held(joined: Array, theta: Array, index: Array) -> Array:
        return joined

    def forward(joined: Array, theta: Array, index: Array) -> tuple[Array, Array]:
        return joined, index

    def backward(index: Array, gradient: Array) -> tuple[None, Array, None]:
        return None, gradient.reshape(-1).at[index].get(mode="fill", fill_value=0), None

    held.defvjp(forward, backward)
    return held


def _put(base: Array, index: Array, values: Array) -> Array:
    if not any(_is_jax(array) for array in (base, index, values)):
        flat = base.reshape(-1).copy()
        real = index < flat.size
        flat[index[real]] = values[real]
        return flat.reshape(base.shape)
    import jax.numpy as jnp

    flat = jnp.asarray(base).reshape(-1)
    placed = flat.at[index].set(values, mode="drop", indices_are_sorted=True, unique_indices=True)
    return placed.reshape(base.shape)


def _is_jax(array: Array) -> bool:
    return hasattr(array, "at")
