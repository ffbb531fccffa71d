"""What Optuna is told of an outcome: one value for each objective of its study."""

from __future__ import annotations

import math
from collections.abc import Sequence

from optuna.study import StudyDirection

from hpstudy.search.driver import Outcome
from hpstudy.search.scores import Scores


def directions(maximise: bool, costs: Sequence[str]) -> list[StudyDirection]:
    """The score's direction, then one down for each cost."""
    score = StudyDirection.MAXIMIZE if maximise else StudyDirection.MINIMIZE
    return [score, *[StudyDirection.MINIMIZE for _ in costs]]


class Values:
    """The score, then each cost as its logarithm, in which a front spreads over its decades.

    No front changes by it: only how proposals spread over one does. `scores` is for a proposer
    that knows completed trials alone; what has no score of its own then counts with the worst of
    every objective, since a low cost would put it on the front.
    """

    def __init__(self, costs: Sequence[str], scores: Scores | None) -> None:
        self._costs, self._scores = costs, scores
        self._worst = [0.0 for _ in costs]

    def of(self, outcome: Outcome) -> list[float] | None:
        """The values of the next outcome in canonical order; None where it is told without."""
        score = outcome.score if outcome.state == "finished" else None
        if self._scores is not None:
            score = self._scores.of(outcome)
        if score is None or outcome.state != "finished":
            return None if score is None else [score, *self._worst]
        own = [math.log1p(outcome.costs[name]) for name in self._costs]
        self._worst = list(map(max, self._worst, own))
        return [score, *own]
