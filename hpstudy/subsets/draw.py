"""Random entries of kernels, drawn so that a larger draw contains every smaller one.

Each kernel has one key for each entry, uniform on [0, 1) from the Philox stream of (mask seed,
path). A draw takes the entries with the smallest keys, so growing it only adds entries, and two
arms with one mask seed share entries wherever both draw.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hpstudy.spec.seeds import derived

Indices = NDArray[np.int64]


def uniform(mask_seed: int, path: str, size: int) -> NDArray[np.float64]:
    """One key in [0, 1) for each of `size` things, from the stream of (mask seed, path)."""
    return np.random.Generator(np.random.Philox(derived(mask_seed, path))).random(size)


def of_tensor(mask_seed: int, path: str, size: int, number: int) -> Indices:
    """Sorted flat indices of the `number` smallest keys of a tensor with `size` entries."""
    keys = uniform(mask_seed, path, size)
    return np.sort(_smallest(keys, number)).astype(np.int64)


def of_units(mask_seed: int, path: str, fan_in: int, numbers: NDArray[np.int64]) -> Indices:
    """Sorted flat indices with exactly `numbers[u]` entries of unit u's fan-in.

    The kernel is seen as (fan_in, units), units last: flat index = row * units + unit.
    """
    units = len(numbers)
    most = int(numbers.max(initial=0))
    if most == 0:
        return np.empty(0, dtype=np.int64)
    keys = uniform(mask_seed, path, fan_in * units).reshape(fan_in, units)
    rows = np.argpartition(keys, most - 1, axis=0)[:most]
    rows = np.take_along_axis(rows, np.take_along_axis(keys, rows, axis=0).argsort(axis=0), axis=0)
    flat = rows * units + np.arange(units)
    return np.sort(flat[np.arange(most)[:, None] < numbers]).astype(np.int64)


def of_remainder(
    mask_seed: int, units: Mapping[str, int], number: int
) -> dict[str, NDArray[np.int64]]:
    """0 or 1 for each unit of each kernel in `units` (path -> how many): `number` ones in all."""
    keys = {path: uniform(mask_seed, f"{path}/units", count) for path, count in units.items()}
    together = np.concatenate([np.empty(0), *keys.values()])
    chosen = np.zeros(len(together), dtype=np.int64)
    chosen[_smallest(together, number)] = 1
    ends = np.cumsum([0, *units.values()])
    return {
        path: chosen[start:end] for path, start, end in zip(units, ends[:-1], ends[1:], strict=True)
    }


def _smallest(keys: NDArray[np.float64], number: int) -> NDArray[np.intp]:
    if number >= len(keys):
        return np.arange(len(keys))
    if number == 0:
        return np.arange(0)
    return np.argpartition(keys, number - 1)[:number]
