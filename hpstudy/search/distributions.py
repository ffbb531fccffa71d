"""Ranges in Optuna's terms, and Optuna's answers back in ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalChoiceType,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpstudy.spec.layers import branch_keys
from hpstudy.spec.space import (
    Choice,
    FloatRange,
    IntRange,
    Range,
    Scalar,
    Settings,
    is_range,
)
from hpstudy.spec.study import Cell


def ranges(settings: Settings, suffix: str = "") -> Iterator[tuple[str, str, Range]]:
    """(key, name asked for, range) of every range in a space, those inside branches included."""
    for key, value in settings.items():
        if isinstance(value, IntRange | FloatRange | Choice):
            yield key, key + suffix, value
        if isinstance(value, Choice):
            for option, branch in value.branches.items():
                yield from ranges(branch, f"{suffix}[{key}={option}]")


def conditional(cell: Cell) -> frozenset[str]:
    """The names of the ranges that are asked for in some trials only."""
    inside = {key for value in cell.settings.values() for key in branch_keys(value)}

    def depends(key: str) -> bool:
        return any(
            is_range(cell.settings.get(other)) or depends(other)
            for other in cell.conditions.get(key, ())
        )

    return frozenset(
        name for key, name, _ in ranges(cell.settings) if key in inside or depends(key)
    )


def distribution(asked: Range) -> BaseDistribution:
    """A range as an Optuna distribution; a step that misses `high` ends at the value below it.

    Optuna has no step on a log scale: such a range is drawn without it and put on it by `snap`.
    """
    if isinstance(asked, Choice):
        return CategoricalDistribution(labels(asked))
    if isinstance(asked, IntRange):
        step = 1 if asked.log else asked.step
        return IntDistribution(asked.low, int(top(asked)), log=asked.log, step=step)
    return FloatDistribution(
        asked.low, top(asked), log=asked.log, step=None if asked.log else asked.step
    )


def suggest(trial: optuna.Trial, name: str, asked: Range) -> Scalar:
    """The sampler's answer to one range, as a value of that range."""
    drawn = distribution(asked)
    if isinstance(asked, Choice):
        names = labels(asked)
        return asked.options[names.index(trial.suggest_categorical(name, names))]
    if isinstance(drawn, IntDistribution):
        return snap(
            asked, trial.suggest_int(name, drawn.low, drawn.high, step=drawn.step, log=drawn.log)
        )
    assert isinstance(drawn, FloatDistribution)
    return snap(
        asked, trial.suggest_float(name, drawn.low, drawn.high, step=drawn.step, log=drawn.log)
    )


def snap(asked: IntRange | FloatRange, value: float) -> int | float:
    """The value of a stepped range nearest to `value`, without rounding dust such as 0.1 + 0.2."""
    if isinstance(asked, FloatRange) and asked.step is None:
        return min(max(float(value), asked.low), asked.high)
    low, step = _exact(asked.low), _exact(asked.step)
    nearest = low + round((_exact(value) - low) / step) * step
    kept = min(max(nearest, low), _exact(top(asked)))
    return int(kept) if isinstance(asked, IntRange) else float(kept)


def labels(choice: Choice) -> tuple[CategoricalChoiceType, ...]:
    """What Optuna sees of a choice's options, in order: themselves, or their JSON text.

    Optuna takes no tuples and tells options apart by ==, which holds True for 1.
    """
    plain = tuple(o for o in choice.options if not isinstance(o, tuple))
    if len(plain) == len(choice.options) == len(set(plain)):
        return plain
    return tuple(json.dumps(option) for option in choice.options)


def top(asked: IntRange | FloatRange) -> float:
    """The highest value of a range: `high`, or the last step below it."""
    if asked.step is None or asked.step == 1:
        return asked.high
    low, step = _exact(asked.low), _exact(asked.step)
    return float(low + (_exact(asked.high) - low) // step * step)


def _exact(value: float | None) -> Decimal:
    return Decimal(str(value))
