"""Settings as the `study` event holds them, read as scalars and ranges again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hpstudy.spec.space import Choice, FloatRange, IntRange, Settings, Value


def read(value: Any) -> Value:
    """A setting as the `study` event holds it, as a scalar or a range again."""
    if isinstance(value, list):
        return tuple(value)
    if not isinstance(value, dict):
        scalar: Value = value
        return scalar
    if "choice" in value:
        options = tuple(tuple(o) if isinstance(o, list) else o for o in value["choice"])
        return Choice(options, _branches(options, value.get("branches") or {}))
    kind = "int" if "int" in value else "float"
    low, high = value[kind]
    log, step = bool(value.get("log", False)), value.get("step")
    if kind == "int":
        return IntRange(low, high, log=log, step=1 if step is None else step)
    return FloatRange(low, high, log=log, step=step)


def _branches(options: Iterable[Any], named: Mapping[str, Any]) -> dict[Any, Settings]:
    # JSON turns an option that is a key into text: 64 into "64", true into "true"
    found: dict[Any, Settings] = {}
    for option in options:
        branch = named.get(str(option), named.get(json.dumps(option)))
        if branch is not None:
            found[option] = {key: read(inner) for key, inner in branch.items()}
    return found
