"""Which candidates of the choose phase go on to the next seed, by Optuna's Wilcoxon pruner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import cast

import optuna
from optuna.pruners import WilcoxonPruner
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpstudy.search.quiet import quiet

P_THRESHOLD = 0.1


@dataclass(frozen=True)
class _Study:
    """The part of an Optuna study that the pruner reads."""

    direction: StudyDirection
    best_trial: FrozenTrial


def left(scores: Mapping[int, Sequence[float | None]], maximise: bool) -> list[int]:
    """The candidates that may still win, in the given order.

    `scores` gives each one's scores on the same seeds, None where a run was lost. The best mean
    stays; another one goes that the signed-rank test over its pairs with the best finds worse
    (p < 0.1, so never before the fourth seed), or that lost a run which the best did not.
    """
    whole = {
        trial: [score for score in of if score is not None]
        for trial, of in scores.items()
        if None not in of
    }
    if not whole:
        return list(scores)
    sign = 1 if maximise else -1
    best = max(whole, key=lambda trial: sign * fmean(whole[trial]))
    direction = StudyDirection.MAXIMIZE if maximise else StudyDirection.MINIMIZE
    study = _Study(direction, _trial(whole[best]))
    with quiet():
        pruner = WilcoxonPruner(p_threshold=P_THRESHOLD, n_startup_steps=2)
    return [
        trial
        for trial, of in whole.items()
        if trial == best or not pruner.prune(cast(optuna.Study, study), _trial(of))
    ]


def _trial(scores: Sequence[float]) -> FrozenTrial:
    return optuna.trial.create_trial(
        state=TrialState.COMPLETE,
        value=fmean(scores),
        intermediate_values=dict(enumerate(scores)),
    )
