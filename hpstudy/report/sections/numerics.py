"""What bit-equal results depend on, in a reader's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from hpstudy.analysis.record import StudyRecord
from hpstudy.analysis.words import count, number, setting
from hpstudy.report.findings import numbered


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


def numerics(record: StudyRecord) -> list[tuple[str, str]]:
    """What all runs were trained under, then what further runs of each kind were, by arm."""
    kinds: dict[str, list[str]] = {}
    for run in record.runs:
        if run.get("numerics"):
            words = json.dumps(run["numerics"], sort_keys=True)
            kinds.setdefault(words, []).append(run["arm"])
    found = [(json.loads(words), arms) for words, arms in sorted(kinds.items())]
    first: dict[str, Any] = found[0][0] if found else {}
    shared = {k: v for k, v in first.items() if all(k in o and o[k] == v for o, _ in found)}
    lines = [("Numerics", _listed(shared))]
    for one, arms in sorted(found, key=lambda kind: _places(record, kind[1])):
        own = {key: value for key, value in one.items() if key not in shared}
        named = numbered(sorted(dict.fromkeys(arms), key=partial(_place, record)))
        whose = f"Numerics of {named} ({count(len(arms), 'run')})"
        lines.append((whose, _listed(own) if own else ""))
    return lines


def _places(record: StudyRecord, arms: Iterable[str]) -> list[int]:
    return sorted({_place(record, arm) for arm in arms})


def _place(record: StudyRecord, arm: str) -> int:
    """Where an arm stands in the study file; last, where it is no longer in it."""
    return record.arms.index(arm) if arm in record.arms else len(record.arms)


def _listed(one: Mapping[str, Any]) -> str:
    told = (
        WORDS[key](value) if key in WORDS else f"{key} {number(value)}"
        for key, value in one.items()
    )
    return ", ".join(told)
