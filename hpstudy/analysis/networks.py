"""Whether two networks of somebody's hypermodel differ, and in what: the built networks tell.

A hypermodel's parameters may decide its network, its optimizer or its batches, and only what was
built says which. Each run holds a digest of its network, that of the computation itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isclose
from typing import Any

from hpstudy.analysis.record import CellRecord
from hpstudy.spec.foreign import HP, LEFT, NETWORK, SHAPES
from hpstudy.spec.identity import canonical
from hpstudy.spec.study import short


def differ(a: CellRecord, b: CellRecord) -> list[str]:
    """The `model.` settings that make the networks of two picks differ; none where they do not.

    Other people's networks are equal where their digests are, of more than shapes. Where they are
    not, the parameters that `idle` finds are left out, unless nothing else is left to tell.
    """
    digests = [cell.config.get(NETWORK) for cell in (a, b)]
    known = None not in digests
    equal = known and digests[0] == digests[1]
    if equal and _whole(a.config):
        return []
    keys = {key for key in {*a.config, *b.config} if key.startswith("model.")}
    keys -= {NETWORK, LEFT}
    found = [key for key in sorted(keys) if a.config.get(key) != b.config.get(key)]
    if not known:
        return found
    aside = idle(a, b)
    rest = [key for key in found if key not in aside]
    return rest if equal else rest or found or [NETWORK]


def idle(a: CellRecord, b: CellRecord) -> frozenset[str]:
    """A hypermodel's parameters that are no part of its network, as far as the runs can show it.

    Such a parameter is asked for after the network is built, or it took two values in one and the
    same network, or it is in all runs the very value of a training setting.
    """
    runs = [run for cell in (a, b) for run in cell.runs if NETWORK in run["config"]]
    configs = [run["config"] for run in runs]
    keys = {key for config in configs for key in config if key.startswith(HP)}
    spaces = (run.get("discovery", {}).get("space", ()) for run in runs)
    late = {f"{HP}{one['name']}" for space in spaces for one in space if not one.get("built", True)}
    return frozenset(
        key for key in keys if key in late or _leaves(key, configs) or _settings(key, configs)
    )


def _whole(config: Mapping[str, Any]) -> bool:
    """Whether a digest tells all that its network computes."""
    return not str(config[NETWORK]).startswith(SHAPES)


def _leaves(key: str, configs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether two values of a parameter made one network."""
    seen: dict[str, Any] = {}
    with_key = (config for config in configs if key in config and _whole(config))
    return any(seen.setdefault(one[NETWORK], one[key]) != one[key] for one in with_key)


def parameters_of(setting: str, configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """A hypermodel's parameters that are one training setting under its own or another name."""
    keys = {key for config in configs for key in config if key.startswith(HP)}
    return sorted(key for key in keys if setting in _settings(key, configs))


def _settings(key: str, configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """The training settings that a parameter is, under their own or another name."""
    with_key = [config for config in configs if key in config]
    values = {canonical(config[key]): config[key] for config in with_key}.values()
    # widths and batch sizes may be equal by chance, rates and names are not
    telling = len(values) > 1 and not any(isinstance(value, int) for value in values)
    return [
        setting
        for setting in with_key[0]
        if setting.startswith("training.")
        and (telling or short(setting) == short(key))
        and all(_same(config.get(setting), config[key]) for config in with_key)
    ]


def _same(one: Any, other: Any) -> bool:
    """Whether two values are equal; Keras keeps rates in 32 bits."""
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, rel_tol=1e-6)
    return bool(one == other)
