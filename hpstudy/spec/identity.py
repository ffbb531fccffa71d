"""The name of a run: a hash of everything that decides its result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hpstudy.spec.space import Scalar


def run_id(
    config: Mapping[str, Scalar],
    defaults: Mapping[str, Scalar],
    seeds: Mapping[str, int],
    data_fingerprint: str,
) -> str:
    """16 hexadecimal digits; settings at their defaults are left out.

    So a further setting whose default means 'no effect' leaves the names of older runs alone.
    """
    told = {
        key: plain(value)
        for key, value in config.items()
        if key not in defaults or not _same(value, defaults[key])
    }
    text = canonical({"config": told, "data": data_fingerprint, "seeds": dict(seeds)})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _same(value: Any, default: Any) -> bool:
    """Whether both are one canonical text, which takes longer to write than to compare."""
    if type(value) is type(default) and isinstance(value, str | int | float):
        return bool(value == default)
    return canonical(value) == canonical(default)


def canonical(value: Any) -> str:
    """JSON that is equal for equal values: sorted keys, no spaces, 1.0 written as 1."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def plain(value: Any) -> Any:
    """The value with tuples as lists and whole floats as ints."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
