"""A declared search space registered in Keras Tuner's HyperParameters, and read back."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeAlias

from hpstudy.hypermodels.base import ModelError
from hpstudy.spec import arms, layers
from hpstudy.spec.declarations import ModelDeclaration
from hpstudy.spec.problems import nearest
from hpstudy.spec.space import (
    Choice,
    Condition,
    Config,
    FloatRange,
    IntRange,
    Range,
    Scalar,
    Settings,
    Value,
    is_range,
    resolve,
)
from hpstudy.spec.training import TRAINING

# what plain Keras takes as arguments of search(): the data, epochs and callbacks
_OUTSIDE = ("length", "schedule", "warmup", "early_stopping", "last_batch", "augment")
_Scope: TypeAlias = tuple[tuple[str, tuple[Scalar, ...]], ...]


@dataclass(frozen=True)
class Registration:
    """Settings (fixed values and ranges, by dotted key), when each exists, and its default."""

    settings: Settings
    conditions: Mapping[str, Condition]
    defaults: Config

    @staticmethod
    def of(declaration: ModelDeclaration, space: Mapping[str, Value]) -> Registration:
        """All settings of an architecture, its training and its subset; `space` over defaults.

        Raises ModelError for keys that do not exist.
        """
        training = tuple(p for p in TRAINING if p.name.split(".")[0] not in _OUTSIDE)
        sections = {"model": declaration.parameters, "training": training, "subset": arms.SUBSET}
        defaults = {
            f"{section}.{parameter.name}": parameter.default
            for section, parameters in sections.items()
            for parameter in parameters
        }
        inside = {key for value in space.values() for key in layers.branch_keys(value)}
        for key in [*space, *sorted(inside)]:
            if key not in defaults:
                raise ModelError(f"space: unknown setting: {key!r}; {nearest(key, [*defaults])}")
        given = {**defaults, **space}
        given = {key: value for key, value in given.items() if value is not None}
        conditions = {
            **layers.conditions("model", declaration.parameters),
            **layers.conditions("training", training),
            **arms.conditions(given["subset.train"], defaults.keys() & _subset_keys()),
        }
        # what another setting controls is asked after it
        later = {key for key in given if conditions.get(key)} | inside
        order = sorted(given, key=lambda key: key in later)
        return Registration({key: given[key] for key in order}, conditions, defaults)

    def declare(self, hp: Any) -> None:
        """Register every range in `hp`, each in the conditional scopes under which it exists."""
        asked: dict[str, tuple[str, _Scope]] = {}
        for key, value in self.settings.items():
            self._declare(hp, key, key, value, (), asked)

    def resolve(self, hp: Any) -> Config:
        """The flat settings that `hp` holds, fixed ones included, inactive ones left out."""
        self.declare(hp)

        def ask(name: str, given: Range) -> Scalar:
            answer: Scalar = hp.get(name)
            if isinstance(given, Choice):
                return given.options[_labels(given).index(answer)]
            return answer

        return resolve(self.settings, self.conditions, ask).config

    def _declare(
        self,
        hp: Any,
        key: str,
        name: str,
        value: Value,
        scope: _Scope,
        asked: dict[str, tuple[str, _Scope]],
    ) -> None:
        if not isinstance(value, IntRange | FloatRange | Choice):
            return
        for other, allowed in self.conditions.get(key, {}).items():
            controller = self.settings.get(other)
            if not is_range(controller):
                if controller not in allowed:
                    return
            elif isinstance(controller, Choice) and asked.get(other, ("", ()))[1] == scope:
                labels = zip(controller.options, _labels(controller), strict=True)
                values = tuple(label for option, label in labels if option in allowed)
                scope = (*scope, (asked[other][0], values))
        asked[key] = (name, scope)
        with ExitStack() as scopes:
            for parent, values in scope:
                scopes.enter_context(hp.conditional_scope(parent, list(values)))
            _register(hp, name, value, self.defaults[key])
        if isinstance(value, Choice):
            for option, label in zip(value.options, _labels(value), strict=True):
                for inner, ranged in value.branches.get(option, {}).items():
                    under = (*scope, (name, (label,)))
                    self._declare(hp, inner, f"{inner}[{key}={option}]", ranged, under, asked)


def _subset_keys() -> set[str]:
    return {f"subset.{parameter.name}" for parameter in arms.SUBSET}


def _register(hp: Any, name: str, value: Range, default: Any) -> None:
    if isinstance(value, Choice):
        labels = _labels(value)
        first = labels[value.options.index(default)] if default in value.options else None
        hp.Choice(name, list(labels), default=first)
        return
    sampling = "log" if value.log else "linear"
    inside = default is not None and value.low <= default <= value.high
    start = default if inside else value.low
    if isinstance(value, IntRange):
        # Keras Tuner multiplies by the step of a logarithmic range; ours has steps of one there
        step = None if value.log else value.step
        hp.Int(name, value.low, value.high, step=step, sampling=sampling, default=start)
    else:
        hp.Float(name, value.low, value.high, step=value.step, sampling=sampling, default=start)


def _labels(choice: Choice) -> tuple[Scalar, ...]:
    """The options as Keras Tuner takes them: themselves, or words where their types differ.

    Booleans become words too: Keras Tuner would turn them into 0 and 1.
    """
    kinds = {type(option) for option in choice.options}
    if len(kinds) == 1 and kinds <= {str, int, float}:
        return choice.options
    return tuple(str(option) for option in choice.options)
