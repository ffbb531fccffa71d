"""A run's exact state between two epochs: what it goes on from, bit by bit, wherever it began.

    row/<metric>        its epochs so far, one float64 each
    theta/<path>        trained values, states/<path> those of layers (BatchNorm's, dropout's)
    first/<path>        optimizer moments, and second/<path> where there are such
    steps               steps taken
    made                which executables made it, on what

Data order, augmentation and rates follow from seeds and epoch; early stopping, the score and its
epoch from the rows. The arrays are those of the program, which may be padded.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from hpstudy.engine.host import Host
from hpstudy.engine.optimizers import Moments
from hpstudy.engine.program import Carry
from hpstudy.engine.programs import Programs
from hpstudy.engine.setup import Setup

_PARTS = ("theta", "states", "first", "second")


class Unusable(Exception):
    """Why a kept state cannot be gone on from."""


def maker(setup: Setup, programs: Programs, lanes: int) -> str:
    """16 hex digits of what the bits of a state depend on besides its run: all numerics."""
    text = f"{setup.signature.key} in {lanes} lanes\n{programs.cache.surroundings}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def paused(host: Host, carry: Carry, made: str) -> dict[str, Any]:
    """The state of a run after its last epoch, as named arrays."""
    arrays: dict[str, Any] = {
        f"row/{name}": np.array([row[name] for row in host.rows]) for name in host.rows[0]
    }
    for part, values in zip(_PARTS, _parts(carry), strict=True):
        arrays |= {f"{part}/{path}": np.asarray(value) for path, value in values.items()}
    return {**arrays, "steps": np.asarray(carry.moments.steps), "made": np.array(made)}


def resumed(host: Host, setup: Setup, made: str) -> Setup:
    """The setup that a run begins with; where its job goes on from a kept state, that state.

    The host has the epochs of then, or says why the run begins anew.
    """
    job = host.job
    if not job.begins:
        return setup
    try:
        arrays = _read(Path(job.state))
        if str(arrays["made"]) != made:
            raise Unusable("its state was made by other numerics")
        carry, rows = _carry(arrays, setup.carry), _rows(arrays)
        if len(rows) != job.begins:
            raise Unusable(f"its state is that of epoch {len(rows)}")
    except Unusable as error:
        host.anew = str(error)
        return setup
    host.resume(rows)
    return replace(setup, carry=carry)


def _parts(carry: Carry) -> tuple[Mapping[str, Any], ...]:
    return carry.theta, carry.states, carry.moments.first, carry.moments.second


def _read(path: Path) -> dict[str, Any]:
    """Every array of an archive, checked against its sums."""
    try:
        # NumPy leaves a file open that is no archive
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            found = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise Unusable("its state is missing") from None
    except Exception as error:
        # zipfile, zlib and NumPy each have errors of their own for a file that is damaged
        raise Unusable(f"its state cannot be read: {type(error).__name__}: {error}") from None
    if "made" not in found:
        raise Unusable("its state cannot be read: it holds no state")
    return found


def _carry(arrays: Mapping[str, Any], like: Carry) -> Carry:
    """The carry among `arrays`, which has the shapes and types of `like`."""
    parts: list[dict[str, Any]] = [
        {path: arrays.get(f"{part}/{path}") for path in values}
        for part, values in zip(_PARTS, _parts(like), strict=True)
    ]
    theta, states, first, second = parts
    found = Carry(theta, states, Moments(first, second, arrays.get("steps")))
    if jax.tree.map(_kind, found) != jax.tree.map(_kind, like):
        raise Unusable("its state has other arrays than the run")
    return found


def _kind(value: Any) -> str:
    return f"{np.shape(value)} {np.asarray(value).dtype}"


def _rows(arrays: Mapping[str, Any]) -> list[dict[str, float]]:
    columns = {
        name.removeprefix("row/"): values.tolist()
        for name, values in arrays.items()
        if name.startswith("row/")
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
