"""One number for each outcome, for a proposer that knows completed trials alone."""

from __future__ import annotations

from hpstudy.search.driver import Outcome


class Scores:
    """A pruned trial counts with its score at the last rung, one without any with the worst of all.

    A proposer that never heard of them would propose their region again.
    """

    def __init__(self, maximise: bool) -> None:
        self._worse = min if maximise else max
        self._worst: float | None = None

    def of(self, outcome: Outcome) -> float | None:
        """What stands for the next outcome in canonical order; None where nothing does."""
        score = outcome.score if outcome.state == "finished" else None
        if outcome.state == "pruned" and outcome.rungs:
            score = outcome.rungs[max(outcome.rungs)]
        if score is not None:
            self._worst = score if self._worst is None else self._worse(score, self._worst)
        return self._worst if score is None and outcome.state != "failed" else score
