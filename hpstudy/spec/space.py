"""Search spaces as plain data, and the one function that walks them.

A setting has a dotted key (`training.learning_rate`) and a value: a scalar (fixed), or a range.
Whoever proposes values (an Optuna trial, a Keras Tuner HyperParameters, `validate`) hands
`resolve` a function that answers one range at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Scalar: TypeAlias = bool | int | float | str | None | tuple["Scalar", ...]


@dataclass(frozen=True)
class IntRange:
    """Whole numbers from `low` to `high`, both included; with `log`, uniform in the logarithm."""

    low: int
    high: int
    log: bool = False
    step: int = 1


@dataclass(frozen=True)
class FloatRange:
    """Numbers from `low` to `high`; with `log`, uniform in the logarithm; `step` excludes `log`."""

    low: float
    high: float
    log: bool = False
    step: float | None = None


@dataclass(frozen=True)
class Choice:
    """One of `options`; an option's branch holds the settings that exist only under it."""

    options: tuple[Scalar, ...]
    branches: Mapping[Scalar, Mapping[str, Value]] = field(default_factory=dict)


Range: TypeAlias = IntRange | FloatRange | Choice
Value: TypeAlias = Scalar | Range
Settings: TypeAlias = Mapping[str, Value]
Config: TypeAlias = dict[str, Scalar]
Ask: TypeAlias = Callable[[str, Range], Scalar]
# A setting is active when every key named here has one of the values given beside it.
Condition: TypeAlias = Mapping[str, tuple[Scalar, ...]]


@dataclass(frozen=True)
class Proposal:
    """What a walk of a space gives: `params` as asked for, `config` with every active setting."""

    params: Config
    config: Config


def written(value: Scalar) -> str:
    """A value as a study file has it: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def is_range(value: object) -> bool:
    return isinstance(value, IntRange | FloatRange | Choice)


def resolve(settings: Settings, conditions: Mapping[str, Condition], ask: Ask) -> Proposal:
    """Answer every active range of `settings` through `ask`, in order.

    A range inside a branch is asked for under `key[controlling_key=option]`, so two branches may
    give one setting different ranges. Inactive settings are neither asked for nor in the config.
    """
    params: Config = {}
    config: Config = {}
    pending: list[tuple[str, str, Value]] = [(key, key, value) for key, value in settings.items()]
    while pending:
        key, name, value = pending.pop(0)
        if not is_active(key, conditions, config):
            continue
        if isinstance(value, IntRange | FloatRange | Choice):
            answer = ask(name, value)
            params[name] = answer
            config[key] = answer
            if isinstance(value, Choice):
                branch = value.branches.get(answer, {})
                inside = f"{name.removeprefix(key)}[{key}={answer}]"
                inner = [(k, f"{k}{inside}", v) for k, v in branch.items()]
                shadowed = set(branch)
                pending = inner + [item for item in pending if item[0] not in shadowed]
        else:
            config[key] = value
    return Proposal(params, config)


def is_active(key: str, conditions: Mapping[str, Condition], config: Mapping[str, Scalar]) -> bool:
    condition = conditions.get(key, {})
    return all(config.get(other) in allowed for other, allowed in condition.items())
