"""Keras Tuner's oracles over our ranges, in memory, and safe to replay.

Importing this imports Keras: about 2.4 s of one core and 270 MB (Keras Tuner 1.4.8). An oracle is
driven by `create_trial`, `update_trial` and `end_trial` alone; it saves nothing, since a search is
replayed from the store.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras_tuner
from keras_tuner import oracles
from keras_tuner.engine import hyperparameters

from hpstudy.search.brackets import Bracket
from hpstudy.search.distributions import conditional, ranges, snap, top
from hpstudy.search.grid import values
from hpstudy.spec.space import Choice, IntRange, Range, Scalar, resolve
from hpstudy.spec.study import Cell

SCORE = "score"


def settled(cell: Cell, points: int, seed: int, maximise: bool) -> dict[str, Any]:
    """What every oracle here is made with."""
    return {
        "objective": keras_tuner.Objective(SCORE, "max" if maximise else "min"),
        "hyperparameters": Space.declared(cell, points),
        "seed": seed,
        # Keras Tuner counts them over all of history, and then raises at every end
        "max_consecutive_failed_trials": sys.maxsize,
    }


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


class _InMemory:
    """Writes no files."""

    _compute_values_hash: Callable[[Mapping[str, Any]], str]
    _tried_so_far: set[str]

    def save(self) -> None:
        """A search is replayed from the store."""

    def _save_trial(self, trial: Any) -> None:
        """A search is replayed from the store."""

    def _duplicate(self, values: Mapping[str, Any]) -> bool:
        # before any parameter is known, trials differ in what they will meet
        return bool(values) and self._compute_values_hash(values) in self._tried_so_far


class Random(_InMemory, oracles.RandomSearchOracle):  # type: ignore[misc]
    """Independent draws, each configuration once."""


class Bayesian(_InMemory, oracles.BayesianOptimizationOracle):  # type: ignore[misc]
    """The upper confidence bound of a Gaussian process."""


class Grid(_InMemory, oracles.GridSearchOracle):  # type: ignore[misc]
    """Every combination, the last parameter fastest."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """The next combination; Keras Tuner's own waits for each trial's end before the next."""
        found: dict[str, Any] = super().populate_space(trial_id)
        if found["status"] == "RUNNING":
            self._populate_next.append(trial_id)
        return found


class Hyperband(_InMemory, oracles.HyperbandOracle):  # type: ignore[misc]
    """Successive halving in the given brackets, again and again."""

    def __init__(self, brackets: tuple[Bracket, ...], factor: int, **given: Any) -> None:
        self._table = brackets[::-1]
        super().__init__(factor=factor, hyperband_iterations=None, **given)

    def promotable(self) -> set[str]:
        """The ids of trials that a round with room has not taken: any of them may yet be."""
        found: set[str] = set()
        for bracket in self._brackets:
            rounds = bracket["rounds"]
            for number, following in enumerate(rounds[1:], start=1):
                if len(following) < self._get_size(bracket["bracket_num"], number):
                    taken = {one["past_id"] for one in following}
                    found |= {one["id"] for one in rounds[number - 1]} - taken
        return found

    def _random_values(self) -> Any:
        # Keras Tuner takes no values for a space that is used up; epochs are set right after
        drawn = super()._random_values()
        return {"tuner/epochs": 0} if drawn == {} else drawn

    def _get_num_brackets(self) -> int:
        return len(self._table)

    def _get_size(self, bracket_num: int, round_num: int) -> int:
        return self._table[bracket_num][round_num].trials

    def _get_epochs(self, bracket_num: int, round_num: int) -> int:
        return self._table[bracket_num][round_num].epochs
