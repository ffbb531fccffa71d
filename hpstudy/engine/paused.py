"""A run's exact state between two epochs: what it goes on from, bit by bit, wherever it began.

    row/<metric>    its epochs so far, one float64 each
    carry/...       everything that a step changes: trained values, states of layers, moments
    made            which executables made it, on what

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
from jax.tree_util import keystr

from hpstudy.engine.host import Host
from hpstudy.engine.program import Carry
from hpstudy.engine.programs import Programs
from hpstudy.engine.setups import Setup


class Unusable(Exception):
    """Why a kept state cannot be gone on from."""


def maker(setup: Setup, programs: Programs, lanes: int) -> str:
    """16 hex digits of what the bits of a state depend on besides its run: all numerics."""
    text = f"{setup.signature.key} in {lanes} lanes\n{programs.cache.surroundings}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def paused(host: Host, carry: Carry, made: str) -> dict[str, Any]:
    """The state of a run after its last epoch, as named arrays."""
    rows = {f"row/{name}": np.array([row[name] for row in host.rows]) for name in host.rows[0]}
    values = {name: np.asarray(value) for name, value in _named(carry).items()}
    return {**rows, **values, "made": np.array(made)}


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


def _named(carry: Carry) -> dict[str, Any]:
    """Every array of a carry by its place in it."""
    leaves, _ = jax.tree.flatten_with_path(carry)
    return {f"carry/{keystr(path, simple=True, separator='/')}": leaf for path, leaf in leaves}


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
    wanted = _named(like)
    found = {name: values for name, values in arrays.items() if name.startswith("carry/")}
    if _kinds(found) != _kinds(wanted):
        raise Unusable("its state has other arrays than the run")
    carry: Carry = jax.tree.unflatten(jax.tree.structure(like), [found[name] for name in wanted])
    return carry


def _kinds(named: Mapping[str, Any]) -> dict[str, Any]:
    return {name: (np.shape(value), np.asarray(value).dtype) for name, value in named.items()}


def _rows(arrays: Mapping[str, Any]) -> list[dict[str, float]]:
    columns = {
        name.removeprefix("row/"): values.tolist()
        for name, values in arrays.items()
        if name.startswith("row/")
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
