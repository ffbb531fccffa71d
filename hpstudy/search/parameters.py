"""Ranges in Keras Tuner's terms, and its values back in ours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras_tuner.engine import hyperparameters

from hpstudy.search.distributions import conditional, ranges, snap, top
from hpstudy.search.grid import values
from hpstudy.spec.space import Choice, IntRange, Range, Scalar, resolve
from hpstudy.spec.study import Cell


class Parameter(hyperparameters.HyperParameter):  # type: ignore[misc]
    """A range as an oracle sees it: numbers as they are, a choice by the index of its option.

    Keras Tuner's own `Choice` takes options of one type alone and turns booleans into 0 and 1, and
    its integers on a log scale can end one above their range. `points` is how many values a grid
    takes of a range without steps.
    """

    def __init__(
        self, name: str, asked: Range, points: int, conditions: list[Asked] | None = None
    ) -> None:
        super().__init__(name, conditions=conditions)
        self.asked, self.points = asked, points
        self._kind = _kind(name, asked)

    @property
    def default(self) -> Any:
        return self.values[0]

    @property
    def values(self) -> list[Any]:
        if isinstance(self.asked, Choice):
            return list(range(len(self.asked.options)))
        return list(values(self.asked, self.points))

    def prob_to_value(self, prob: float) -> Any:
        drawn = self._kind.prob_to_value(prob)
        return drawn if isinstance(self.asked, Choice) else snap(self.asked, drawn)

    def value_to_prob(self, value: Any) -> float:
        return float(self._kind.value_to_prob(value))

    def answer(self, value: Any) -> Scalar:
        """A value of the oracle's as a value of the range."""
        answer: Scalar = self.asked.options[value] if isinstance(self.asked, Choice) else value
        return answer

    def get_config(self) -> dict[str, Any]:
        """What Keras Tuner copies a parameter by; it is never written anywhere."""
        return {
            "name": self.name,
            "asked": self.asked,
            "points": self.points,
            "conditions": self.conditions,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Parameter:
        return cls(**config)


def _kind(name: str, asked: Range) -> Any:
    """Keras Tuner's own parameter for the draw itself; its log scale has no additive step."""
    if isinstance(asked, Choice):
        return hyperparameters.Choice(name, list(range(len(asked.options))))
    kind = hyperparameters.Int if isinstance(asked, IntRange) else hyperparameters.Float
    return kind(
        name,
        asked.low,
        top(asked),
        step=None if asked.log else asked.step,
        sampling="log" if asked.log else "linear",
    )


@dataclass(frozen=True, eq=False)
class Asked:
    """Whether a trial of a cell with certain values is asked for parameter `name`.

    Stands where Keras Tuner has `conditions.Parent`, which knows one option list of one parent.
    """

    name: str
    cell: Cell

    def is_active(self, values: Mapping[str, Any]) -> bool:
        asked: set[str] = set()

        def ask(name: str, value: Range) -> Scalar:
            asked.add(name)
            if isinstance(value, Choice):
                index: int = values.get(name, 0)
                return value.options[index]
            return float(values.get(name, value.low))

        resolve(self.cell.settings, self.cell.conditions, ask)
        return self.name in asked


class Space(keras_tuner.HyperParameters):  # type: ignore[misc]
    """Parameters and values; a value that is missing is the default, never an unseeded draw."""

    @classmethod
    def of(cls, parameters: Iterable[Parameter], values: Mapping[str, Any] | None = None) -> Space:
        space = cls()
        for one in parameters:
            space._hps[one.name].append(one)
            space._space.append(one)
        space.values = dict(values or {})
        return space

    @classmethod
    def declared(cls, cell: Cell, points: int) -> Space:
        """Every range of a cell, each under the condition that it is asked for."""
        sometimes = conditional(cell)
        return cls.of(
            Parameter(name, asked, points, [Asked(name, cell)] if name in sometimes else None)
            for _, name, asked in ranges(cell.settings)
        )

    def copy(self) -> Space:
        return Space.of(self.space, self.values)

    def ensure_active_values(self) -> None:
        for one in self.space:
            if not self.is_active(one):
                self.values.pop(one.name, None)
            elif one.name not in self.values:
                self.values[one.name] = one.default

    def known(self, name: str) -> Parameter | None:
        """The parameter of a name, where a trial that was told had it."""
        found: Parameter | None = next((one for one in self.space if one.name == name), None)
        return found
