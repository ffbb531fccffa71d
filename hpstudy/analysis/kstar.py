"""k*: how many random weights are worth as much as another arm, where their number is swept.

At each amount k (`per_unit` or `fraction`) the random arm's confirm runs are paired with the other
arm's by seed. The mean differences over the seeds that all amounts share are made rising in k,
joined by straight lines over log k, and k* is where they cross zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.frames import Columns, by_column
from hpstudy.analysis.monotone import bootstrap, crossing, isotonic
from hpstudy.analysis.record import StudyRecord
from hpstudy.analysis.statistics import ENOUGH_SEEDS, EQUAL, Floats
from hpstudy.analysis.words import Measure, count, number, point

AMOUNTS = ("subset.per_unit", "subset.fraction")


@dataclass(frozen=True)
class KStar:
    """The amount of random weights at which `arm` equals `other`, at one sweep point.

    `differences` (seeds, amounts) are `arm` minus `other`, turned so that positive means better;
    `fitted` is their rising mean. `value`, `low` and `high` are 0 where they lie below the smallest
    amount and infinite above the largest; seeds that all agree, as one does, give no `low` and
    `high`: drawing among equal rows would tell nothing.
    """

    arm: str
    other: str
    axis: str
    point: Mapping[str, Any]
    metric: str
    amounts: tuple[float, ...]
    differences: Floats
    fitted: Floats
    value: float
    low: float | None
    high: float | None

    @property
    def seeds(self) -> int:
        return len(self.differences)

    def words(self, value: float) -> str:
        """'3.4', 'below 1', 'above 32'."""
        if value == 0:
            return f"below {number(self.amounts[0])}"
        if math.isinf(value):
            return f"above {number(self.amounts[-1])}"
        return number(float(f"{value:.2g}"))

    @property
    def interval(self) -> str:
        """'2.1 to above 32'."""
        if self.low is None or self.high is None:
            return "none from one seed" if self.seeds == 1 else "none, as all seeds agree"
        low, high = self.words(self.low), self.words(self.high)
        return low if low == high and not low[0].isdigit() else f"{low} to {high}"


def kstars(found: Sequence[Contrast]) -> tuple[KStar, ...]:
    """k* of every declared contrast in which one arm alone is swept over its random weights.

    Amounts without a pair are left out; fewer than two give no k*.
    """
    groups: dict[Any, list[tuple[float, dict[int, float]]]] = {}
    about: dict[Any, tuple[Contrast, bool]] = {}
    for one in found:
        for axis in AMOUNTS:
            in_a, in_b = axis in one.a.point, axis in one.b.point
            if in_a == in_b or not one.n:
                continue
            rest = tuple(sorted((k, v) for k, v in one.point.items() if k != axis))
            key = one.a.arm, one.b.arm, axis, rest
            about.setdefault(key, (one, in_a))
            by_seed = dict(zip(one.seeds, one.differences, strict=True))
            groups.setdefault(key, []).append((float(one.point[axis]), by_seed))
    return tuple(
        _kstar(*about[key], key[2], dict(key[3]), sorted(rows, key=lambda row: row[0]))
        for key, rows in groups.items()
        if len(rows) > 1 and _shared(rows)
    )


def _shared(rows: Sequence[tuple[float, dict[int, float]]]) -> list[int]:
    return sorted(set.intersection(*(set(by_seed) for _, by_seed in rows)))


def _kstar(
    one: Contrast,
    in_a: bool,
    axis: str,
    rest: Mapping[str, Any],
    rows: Sequence[tuple[float, dict[int, float]]],
) -> KStar:
    sign = 1 if in_a == one.maximise else -1
    differences = np.array([[sign * row[seed] for _, row in rows] for seed in _shared(rows)])
    amounts = tuple(amount for amount, _ in rows)
    fitted, places = isotonic(differences.mean(axis=0)), np.log(amounts)
    rounding = EQUAL * max(map(abs, (*one.scores_a, *one.scores_b)))
    unequal = float(np.ptp(differences, axis=0).max()) > rounding
    ends = bootstrap(places, differences) if unequal else None
    low, high = (math.exp(end) for end in ends) if ends else (None, None)
    arm, other = (one.a.arm, one.b.arm) if in_a else (one.b.arm, one.a.arm)
    value = math.exp(crossing(places, fitted))
    return KStar(arm, other, axis, rest, one.metric, amounts, differences, fitted, value, low, high)


def noun(one: KStar) -> str:
    """What is counted: random weights of each unit, or a share of all."""
    return "random weights per unit" if one.axis == AMOUNTS[0] else "fraction of the weights"


def sentence(record: StudyRecord, one: KStar) -> str:
    """'At depth 2, random equals bn_only in test accuracy at 3.4 (random weights per unit; ...'."""
    where = point(one.point, record.axis_names())
    label = Measure(one.metric, record.maximise).label("test")
    first, last = number(one.amounts[0]), number(one.amounts[-1])
    if one.value == 0:
        met = f"is ahead of {one.other} in {label} already at {first}"
    elif math.isinf(one.value):
        met = f"does not reach {one.other} in {label} by {last}"
    else:
        met = f"equals {one.other} in {label} at {one.words(one.value)}"
    few = f" where at least {ENOUGH_SEEDS} are needed" if one.seeds < ENOUGH_SEEDS else ""
    return (
        f"{f'At {where}, ' if where else ''}{one.arm} {met} ({noun(one)}; 95% interval "
        f"{one.interval}, {count(one.seeds, 'paired seed')}{few}, {len(one.amounts)} amounts from "
        f"{first} to {last})."
    )


def columns(record: StudyRecord, found: Sequence[KStar]) -> Columns:
    """Every k* as a row; 0 is below the smallest amount and inf above the largest."""
    axes = {axis: name for axis, name in record.axis_names().items() if axis not in AMOUNTS}
    names = [
        *("arm", "other"),
        *(f"sweep.{name}" for name in axes.values()),
        *("amount", "smallest", "largest", "metric", "n", "kstar", "low", "high", "sentence"),
    ]
    rows = [
        {
            "arm": one.arm,
            "other": one.other,
            **{f"sweep.{name}": one.point.get(axis) for axis, name in axes.items()},
            "amount": one.axis.removeprefix("subset."),
            "smallest": one.amounts[0],
            "largest": one.amounts[-1],
            "metric": f"test_{one.metric}",
            "n": one.seeds,
            "kstar": one.value,
            "low": one.low,
            "high": one.high,
            "sentence": sentence(record, one),
        }
        for one in found
    ]
    return by_column(rows, names)
