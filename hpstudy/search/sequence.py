"""Low-discrepancy sequences over spaces that are known before, and over those that are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import QMCSampler
from optuna.trial import FrozenTrial

from hpstudy.errors import HpstudyError

DIMENSIONS = 256  # of the sequence over a space that grows


class SequenceSampler(QMCSampler):
    """Point n of a low-discrepancy sequence for trial n, over the whole space.

    Optuna's own takes the space from the first trial that did not fail. This one has a dimension
    for every range, active or not, so a trial depends on its number alone. The sequence's index
    is Optuna's count of points drawn in the study, which is one for each trial.
    """

    def __init__(self, space: dict[str, BaseDistribution], **given: Any) -> None:
        super().__init__(**given)
        self._space = space

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._space


class Points:
    """The points of one scrambled sequence, and the parameter of each of its dimensions.

    A parameter keeps the dimension that was free when a trial first met it, so that one sequence
    goes through a space that grows.
    """

    def __init__(self, sequence: str, seed: int) -> None:
        # it takes long to import
        from scipy.stats import qmc

        kind = {"sobol": qmc.Sobol, "halton": qmc.Halton}[sequence]
        self._engine = kind(DIMENSIONS, seed=seed, scramble=True)
        self._drawn: list[Any] = []
        self._dimensions: dict[str, int] = {}

    def at(self, number: int, name: str) -> float:
        """Where trial `number` lies in a parameter's range, from 0 to below 1."""
        place = self._dimensions.setdefault(name, len(self._dimensions))
        if place >= DIMENSIONS:
            raise HpstudyError(
                f"qmc has a dimension for each of {DIMENSIONS} parameters, and {name} would be one "
                f"more; take tpe or random"
            )
        while len(self._drawn) <= number:
            self._drawn.append(self._engine.random(1)[0])
        return float(self._drawn[number][place])


class GrowingSampler(QMCSampler):
    """Point n of a sequence for trial n, in the dimensions of what that trial is asked for."""

    def __init__(self, points: Points, number: int, **given: Any) -> None:
        super().__init__(**given)
        self._points, self._number = points, number

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return {}

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self.sample_relative(study, trial, {param_name: param_distribution})[param_name]

    def _sample_qmc(self, study: optuna.Study, search_space: dict[str, BaseDistribution]) -> Any:
        return np.array([[self._points.at(self._number, name) for name in search_space]])
