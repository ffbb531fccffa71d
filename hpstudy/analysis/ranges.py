"""The ranges that a configuration was chosen from, read back from a cell's settings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hpstudy.analysis.words import number

EDGE = 0.05


@dataclass(frozen=True)
class Searched:
    """One searched setting: its numeric ends, steps and scale, or the options of a choice."""

    key: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    options: tuple[Any, ...] = ()
    step: float | None = None

    @property
    def extent(self) -> str:
        """'0.01 to 30', or '32, 64, 128' for a choice among numbers."""
        if self.options:
            return ", ".join(number(option) for option in sorted(self.options))
        return f"{number(self.low)} to {number(self.high)}"

    def edge(self, value: Any) -> str | None:
        """'lower' or 'upper' where the value lies at an edge, else None.

        An edge is 5% of the range in its own scale; of a numeric choice, its smallest and its
        largest option. Two values are both ends, which tells nothing.
        """
        if self.options:
            if len(self.options) < 3 or not all(_is_number(option) for option in self.options):
                return None
            ends = {min(self.options): "lower", max(self.options): "upper"}
            return ends.get(value)
        if self.low is None or self.high is None or self.low >= self.high or not _is_number(value):
            return None
        if self.step and self.high - self.low <= self.step:
            return None
        scale = math.log if self.log else float
        low, high, here = scale(self.low), scale(self.high), scale(value)
        part = (here - low) / (high - low)
        return "lower" if part <= EDGE else "upper" if part >= 1 - EDGE else None


def searched(settings: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[Searched, ...]:
    """The ranges active in `config`, those inside the chosen options' branches included."""
    found: list[Searched] = []
    pending = dict(settings)
    while pending:
        key = next(iter(pending))
        value = pending.pop(key)
        if key not in config or not isinstance(value, Mapping):
            continue
        if "choice" in value:
            found.append(Searched(key, options=tuple(value["choice"])))
            branch = _branch(value.get("branches") or {}, config[key])
            found = [one for one in found if one.key not in branch]
            pending = {**branch, **{k: v for k, v in pending.items() if k not in branch}}
        else:
            low, high = value["int"] if "int" in value else value["float"]
            log, step = bool(value.get("log")), value.get("step")
            if step and not log:
                # the largest value that can be proposed
                high = low + math.floor((high - low) / step + 1e-9) * step
            found.append(Searched(key, low, high, log, step=1 if "int" in value and log else step))
    return tuple(found)


def with_discovered(
    settings: Mapping[str, Any], runs: Iterable[Mapping[str, Any]]
) -> Mapping[str, Any]:
    """A cell's settings with the ranges that its trials found by running a hypermodel.

    Where one name had several ranges, the first trial's is shown.
    """
    found: dict[str, Any] = {}
    for run in runs:
        for asked in run.get("discovery", {}).get("space", ()):
            if asked["range"] is not None:
                found.setdefault(f"model.hp.{asked['name']}", asked["range"])
    return {**settings, **found} if found else settings


def searched_keys(
    settings: Mapping[str, Any], configs: Iterable[Mapping[str, Any]]
) -> frozenset[str]:
    """The keys that `searched` finds in any of many configurations."""
    deciding = sorted(_deciding(settings))
    # what is active depends on the keys there are and on the options with branches, on no number
    alike = {
        (frozenset(config), *(repr(config.get(key)) for key in deciding)): config
        for config in configs
    }
    return frozenset(one.key for config in alike.values() for one in searched(settings, config))


def _deciding(settings: Mapping[str, Any]) -> set[str]:
    """Choices whose options have branches, those inside branches included."""
    found: set[str] = set()
    for key, value in settings.items():
        if isinstance(value, Mapping) and value.get("branches"):
            inside = (_deciding(branch) for branch in value["branches"].values())
            found = found.union({key}, *inside)
    return found


def _branch(branches: Mapping[str, Any], option: Any) -> Mapping[str, Any]:
    """The branch of an option; JSON has turned the options into strings."""
    for name in (str(option), json.dumps(option)):
        if name in branches:
            return dict(branches[name])
    return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
