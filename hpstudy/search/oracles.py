"""Keras Tuner's oracles over our ranges, in memory, and safe to replay.

Importing this imports Keras: about 2.4 s of one core and 270 MB (Keras Tuner 1.4.8). An oracle is
driven by `create_trial`, `update_trial` and `end_trial` alone; it saves nothing, since a search is
replayed from the store.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner
from keras_tuner import oracles

from hpstudy.search.brackets import Bracket
from hpstudy.search.parameters import Space
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
