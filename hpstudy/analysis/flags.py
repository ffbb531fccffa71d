"""What a referee would raise about a contrast, each with its threshold and its words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpstudy.analysis import networks
from hpstudy.analysis.evidence import Evidence
from hpstudy.analysis.ranges import searched
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.unasked import unasked
from hpstudy.analysis.words import Measure, number, thousands
from hpstudy.spec.study import short
from hpstudy.store import Event

ENOUGH_SEEDS = 6


@dataclass(frozen=True)
class Flag:
    """A flag's name, and what it says about this contrast."""

    name: str
    words: str


def edge(cell: CellRecord) -> list[Flag]:
    """Chosen values within 5% of their range in its own scale, or at the end of a choice."""
    found = []
    for one in searched(cell.settings, cell.config):
        value = cell.config[one.key]
        side = one.edge(value)
        if side is None:
            continue
        name = short(one.key).replace("_", " ")
        if one.options:
            among = ", ".join(number(option) for option in sorted(one.options))
            where = f"the {'smallest' if side == 'lower' else 'largest'} of {among}"
        else:
            where = f"at the {side} edge of {number(one.low)} to {number(one.high)}"
        found.append(Flag("edge", f"{cell.arm}'s {name} {number(value)} is {where}"))
    return found


def still_rising(cells: Sequence[CellRecord], evidence: Evidence, measure: Measure) -> list[Flag]:
    """Whether training stopped while the validation score was still getting better.

    The mean validation score of the last tenth of epochs minus that of the tenth before exceeds
    twice its standard error over the confirm seeds.
    """
    told = []
    for cell in cells:
        gain = _significant_gain(cell, evidence, measure.maximise)
        if gain is not None:
            told.append(f"{cell.arm} ({measure.difference(gain, 2 if measure.percent else 4)})")
    verb = "rising" if measure.maximise else "falling"
    words = f"{measure.label('validation')} was still {verb} at the end of {' and '.join(told)}"
    return [Flag("still rising", words)] if told else []


def _significant_gain(cell: CellRecord, evidence: Evidence, maximise: bool) -> float | None:
    found = [gain for run in cell.confirmed if (gain := evidence.gain(run)) is not None]
    if len(found) < 2:
        return None
    mean = float(np.mean(found))
    error = float(np.std(found, ddof=1)) / math.sqrt(len(found))
    better = mean if maximise else -mean
    return mean if better > 0 and better > 2 * error else None


def too_few_seeds(n: int) -> list[Flag]:
    if n >= ENOUGH_SEEDS:
        return []
    return [Flag("too few seeds", f"too few seeds ({n}; at least {ENOUGH_SEEDS} are needed)")]


def test_split_too_small(
    difference: float, half_width: float | None, examples: int, measure: Measure
) -> list[Flag]:
    """The image-side 95% half-width of the paired difference exceeds the difference."""
    if half_width is None or half_width <= abs(difference):
        return []
    width = measure.difference(half_width, measure.decimals(half_width)).lstrip("+")
    return [
        Flag(
            "test split too small",
            f"test split too small (its {thousands(examples)} examples alone leave +/-{width})",
        )
    ]


def networks_differ(a: CellRecord, b: CellRecord) -> list[Flag]:
    keys = architecture_differences(a, b)
    if not keys:
        return []
    return [Flag("networks differ", f"networks differ ({differences(a, b, keys)})")]


def architecture_differences(a: CellRecord, b: CellRecord) -> list[str]:
    return [key for key in networks.differ(a, b) if not key.endswith("_initializer")]


def initial_differences(a: CellRecord, b: CellRecord) -> list[str]:
    return [key for key in networks.differ(a, b) if key.endswith("_initializer")]


def differences(a: CellRecord, b: CellRecord, keys: Iterable[str]) -> str:
    """'width 128 against 256' for each key."""
    pairs = ((short(k), a.config.get(k), b.config.get(k)) for k in keys)
    return ", ".join(
        f"{name} {number(left)} against {number(right)}" for name, left, right in pairs
    )


def never_asked(cell: CellRecord) -> list[Flag]:
    """Parameters given to somebody's hypermodel that it never asked for, so they did nothing."""
    names = ", ".join(short(key) for key in unasked(cell))
    words = f"{cell.arm}'s hypermodel never asked for {names}, which the study gives"
    return [Flag("never asked for", words)] if names else []


def counts_differ(a: CellRecord, b: CellRecord) -> list[Flag]:
    left, right = a.counts.get("trained"), b.counts.get("trained")
    if left is None or right is None or left == right:
        return []
    words = f"{thousands(left)} against {thousands(right)} trained parameters"
    return [Flag("counts differ", f"counts differ ({words})")]


def diverged_seeds(cell: CellRecord, measure: Measure) -> list[Flag]:
    diverged = [run for run in cell.confirmed if run["status"] == "diverged"]
    if not diverged:
        return []
    score = measure.value(diverged[0]["metrics"].get(f"test_{measure.metric}"))
    words = f"{len(diverged)} of {len(cell.confirmed)} seeds of {cell.arm} diverged and"
    count = "counts" if len(diverged) == 1 else "count"
    return [Flag("diverged seeds", f"{words} {count} as the constant predictor ({score})")]


def look(a: CellRecord, b: CellRecord) -> list[Flag]:
    """Whether the test split had been looked at before, and what changed since."""
    said: dict[str, list[str]] = {}
    for cell in (a, b):
        if cell.looks and max(int(event["look"]) for event in cell.looks) > 1:
            said.setdefault(_look(cell.looks), []).append(cell.arm)
    if len(said) == 1 and len(next(iter(said.values()))) == 2:
        return [Flag("look", next(iter(said)))]
    return [Flag("look", f"{words} of {' and '.join(arms)}") for words, arms in said.items()]


def _look(looks: Sequence[Event]) -> str:
    last = max(int(event["look"]) for event in looks)
    changes = []
    for key, words in (("generation", "searches"), ("trials", "trials"), ("seeds", "seeds")):
        path = _path([event.get(key) for event in looks])
        if len(path) > 1:
            changes.append(f"{words} {' to '.join(number(value) for value in path)}")
    picks = _path([(event.get("generation"), event.get("trial")) for event in looks])
    if len(picks) > 1 and len({generation for generation, _ in picks}) == 1:
        changes.append(f"pick {' to '.join(number(trial) for _, trial in picks)}")
    return f"look {last}: {', '.join(changes)}" if changes else f"look {last}"


def _path(values: Sequence[Any]) -> list[Any]:
    """The values with repeats that follow each other left out."""
    return [v for i, v in enumerate(values) if i == 0 or v != values[i - 1]]


def of_contrast(
    record: StudyRecord,
    evidence: Evidence,
    a: CellRecord,
    b: CellRecord,
    n: int,
    difference: float,
    half_width: float | None,
) -> tuple[Flag, ...]:
    """Every flag of one contrast at one sweep point, in a fixed order."""
    measure = Measure(record.metric, record.maximise)
    return (
        *edge(a),
        *edge(b),
        *still_rising((a, b), evidence, measure),
        *too_few_seeds(n),
        *test_split_too_small(difference, half_width, record.examples[2], measure),
        *networks_differ(a, b),
        *counts_differ(a, b),
        *never_asked(a),
        *never_asked(b),
        *diverged_seeds(a, measure),
        *diverged_seeds(b, measure),
        *look(a, b),
    )
