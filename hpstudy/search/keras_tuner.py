"""Keras Tuner's oracles as a driver: trials are created and ended in canonical order.

A promotion of Hyperband is a trial of its own with the promoted configuration and the seeds of
every search trial, so it is the same run up to a later epoch: it goes on from the state that the
earlier trial ended in, or else repeats its epochs bit by bit.
"""

from __future__ import annotations

import math
import os
import warnings
from dataclasses import dataclass, field
from typing import Any

from hpstudy.errors import HpstudyError
from hpstudy.lean import import_keras
from hpstudy.search.brackets import brackets, epochs_of
from hpstudy.search.driver import Driver, Outcome, Promotions, Pruner, Waits, stream
from hpstudy.search.options import options
from hpstudy.search.rounds import Rounds
from hpstudy.search.scores import Scores
from hpstudy.search.unfolding import in_order
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.space import Ask, Range, Scalar
from hpstudy.spec.study import Cell


class OracleDriver:
    """A cell's oracle, asked and told in canonical order.

    A parameter that a trial is the first to meet takes a seeded draw of that trial, and joins the
    oracle's space when the trial is told.
    """

    size: int | None = None

    def __init__(self, cell: Cell, oracle: Any, name: str, points: int) -> None:
        self._cell, self._oracle, self._name, self._points = cell, oracle, name, points
        self._rounds = Rounds(oracle) if name == "hyperband" else None
        self.pruner: Pruner | None = self._rounds
        self.promotions: Promotions | None = self._rounds
        self._running: dict[int, _Running] = {}
        self._scores = Scores(oracle.objective.direction == "max")
        # it prints else
        oracle.verbose = 0

    def begin(self, number: int) -> Ask:
        """Trial `number`, from everything told so far and all that is begun but not told."""
        trial = self._called(number, "create_trial", str(number))
        if trial.status != "RUNNING":
            raise Waits
        self._running[number] = running = _Running(trial)
        if self._rounds is not None:
            self._rounds.begin(number, trial)
        return lambda name, asked: self._answer(number, running, name, asked)

    def tell(self, number: int, outcome: Outcome) -> None:
        """The trial's end, with the parameters that it was asked for and no others."""
        from hpstudy.search.oracles import SCORE
        from hpstudy.search.parameters import Space

        running = self._running.pop(number)
        trial, score = running.trial, self._scores.of(outcome)
        if score is None and self._rounds is not None:
            # Keras Tuner never closes a round in which a trial failed; last in it serves as well
            score = -math.inf if self._oracle.objective.direction == "max" else math.inf
        trial.hyperparameters = Space.of(running.met.values(), running.values)
        if score is not None:
            self._called(number, "update_trial", trial.trial_id, {SCORE: score})
        trial.status = "FAILED" if score is None else "COMPLETED"
        self._called(number, "end_trial", trial)

    def _answer(self, number: int, running: _Running, name: str, asked: Range) -> Scalar:
        from hpstudy.search.parameters import Parameter

        met = running.met.get(name) or self._oracle.hyperparameters.known(name)
        if met is not None and met.asked != asked:
            raise HpstudyError(
                f"{self._cell.name}: {name} is asked for with the range {asked}, and was before "
                f"with {met.asked}; one name has one range"
            )
        if met is None:
            met = Parameter(name, asked, self._points)
        given = {**running.trial.hyperparameters.values, **running.values}
        if name not in given:
            assert self._cell.search is not None
            seed = stream(self._cell, self._cell.search, number, name)
            given[name] = met.random_sample(seed)
        running.met[name], running.values[name] = met, given[name]
        answer: Scalar = met.answer(given[name])
        return answer

    def _called(self, number: int, method: str, *given: Any) -> Any:
        """What a method of the oracle gives; where it raises, its lock is free again."""
        try:
            with warnings.catch_warnings():
                # scikit-learn on fits that did not converge, Python on threading.currentThread
                warnings.simplefilter("ignore")
                return getattr(self._oracle, method)(*given)
        except Exception as error:
            from keras_tuner.src.engine import oracle

            oracle.LOCKS.pop(self._oracle, None)
            oracle.THREADS.pop(self._oracle, None)
            say = f"Keras Tuner's oracle {self._name} raised in {method}"
            raise HpstudyError(
                f"{self._cell.name}: {say}, trial {number}: {type(error).__name__}: {error}"
            ) from error


@dataclass
class _Running:
    """A trial that is begun and not told: the parameters it met, and the oracle's values."""

    trial: Any
    met: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def build(cell: Cell, maximise: bool) -> Driver:
    """The driver of a cell, its oracle as `cell.search` names it.

    Raises HpstudyError for an unknown oracle or option.
    """
    search = cell.search
    assert search is not None
    taken: dict[str, Any] = options("oracle", search.sampler, search.sampler_options)
    if search.sampler == "grid" and is_foreign(cell.settings):
        # Keras Tuner's own repeats trials: it combines parameters that never meet
        return in_order(**taken)
    # this process trains nothing, so any backend serves; Keras's own default may be a heavy one
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import_keras()
    from hpstudy.search import oracles

    points = taken.get("points", 2)
    # Keras Tuner takes a seed of 0 for none; a stream is never 0
    given = oracles.settled(cell, points, stream(cell, search, "oracle"), maximise)
    oracle: Any
    if search.sampler == "random":
        oracle = oracles.Random(max_trials=None, **given)
    elif search.sampler == "grid":
        oracle = oracles.Grid(**given)
    elif search.sampler == "bayesian":
        first, beta = taken["startup_trials"], taken["beta"]
        oracle = oracles.Bayesian(max_trials=None, num_initial_points=first, beta=beta, **given)
    else:
        length = epochs_of(cell)
        assert length is not None
        table = brackets(length, taken["factor"], taken["first_epoch"])
        oracle = oracles.Hyperband(table, taken["factor"], **given)
    return OracleDriver(cell, oracle, search.sampler, points)
