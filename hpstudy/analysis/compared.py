"""What two cells differ in besides their subset: networks, initial values, counts."""

from __future__ import annotations

from collections.abc import Iterable

from hpstudy.analysis import networks
from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import number, thousands
from hpstudy.spec.study import short


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


def counts_differ(a: CellRecord, b: CellRecord) -> list[Flag]:
    """A note where different subsets are compared; grave where one arm was to match the other."""
    left, right = a.counts.get("trained"), b.counts.get("trained")
    if left is None or right is None or left == right:
        return []
    words = f"{thousands(left)} against {thousands(right)} trained parameters"
    return [Flag("counts differ", f"counts differ ({words})", grave=_matches(a, b))]


def _matches(a: CellRecord, b: CellRecord) -> bool:
    """Whether one arm draws as many random entries as the rule of the other one trains."""
    return any(
        one.config.get("subset.match") is not None
        and one.config["subset.match"] == other.config.get("subset.train")
        for one, other in ((a, b), (b, a))
    )
