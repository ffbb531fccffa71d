"""What bit-equal results depend on, in a reader's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hpstudy.analysis.words import count, number, setting
from hpstudy.store import Event


def _yes(words: str, otherwise: str) -> Callable[[Any], str]:
    return lambda value: words if value else otherwise


def _padded(value: Mapping[str, Any]) -> str:
    widths = " and ".join(f"{setting(key)} {number(one)}" for key, one in value.items())
    return f"computed at {widths}" if widths else "no width rounded up"


# how the keys of a run's numerics are told; any other is told as it is named
WORDS: Mapping[str, Callable[[Any], str]] = {
    "lanes": lambda value: f"{count(value, 'run')} at a time in a program",
    "threads": lambda value: count(value, "thread"),
    "padded": _padded,
    "gathered": _yes("gradients of the drawn weights alone", "gradients of whole kernels"),
    "prefix": _yes(
        "frozen first layers computed once for a run", "every layer computed in each step"
    ),
    "halved": lambda value: f"runs at a time halved {count(value, 'time')} to fit the memory",
    "path": lambda value: f"trained by {value}",
    "xla_flags": lambda value: f"XLA flags {value}",
    "matmul": lambda value: f"{value} products",
    "deterministic": _yes("deterministic operations", "operations in no fixed order"),
}


def numerics(runs: Sequence[Event]) -> list[tuple[str, str]]:
    """What all runs were trained under, then what further runs of each kind were."""
    found: dict[str, int] = {}
    for run in runs:
        if run.get("numerics"):
            words = json.dumps(run["numerics"], sort_keys=True)
            found[words] = found.get(words, 0) + 1
    kinds: dict[str, dict[str, Any]] = {words: json.loads(words) for words in sorted(found)}
    first: dict[str, Any] = next(iter(kinds.values()), {})
    shared = {k: v for k, v in first.items() if all(k in o and o[k] == v for o in kinds.values())}
    lines = [("Numerics", _listed(shared))]
    for words, one in kinds.items():
        own = {key: value for key, value in one.items() if key not in shared}
        lines.append((f"\u2013 of {count(found[words], 'run')}", _listed(own) if own else ""))
    return lines


def _listed(one: Mapping[str, Any]) -> str:
    told = (
        WORDS[key](value) if key in WORDS else f"{key} {number(value)}"
        for key, value in one.items()
    )
    return ", ".join(told)
