"""Decisions equal those of Optuna's pruners that are handed every told trial, plainly."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hpstudy.search import pruners
from hpstudy.search.driver import Outcome
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
TWENTIETHS = 20
STATES = {
    "finished": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


class Run(NamedTuple):
    """A trial's length, how it ended, and the scores of the rungs that it got to, if so many."""

    length: int
    state: Literal["finished", "pruned", "diverged", "failed"]
    scores: list[float]


# few values, so that there are ties; and short runs, whose rungs merge
SCORES = st.lists(st.integers(0, 6).map(float), min_size=4, max_size=4)
LENGTHS = st.sampled_from((2, 4, 6, 9, 12, 20))
RUNS = st.builds(
    lambda length, state, scores, got: Run(
        length, state, scores if state == "finished" else scores[:got]
    ),
    LENGTHS,
    st.sampled_from(tuple(STATES)),
    SCORES,
    st.integers(0, 4),
)
ASKING = st.builds(Run, LENGTHS, st.just("pruned"), SCORES)


@dataclass
class Snapshot:
    """An Optuna study of fixed trials."""

    direction: StudyDirection
    trials: list[FrozenTrial]

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        return [one for one in self.trials if states is None or one.state in states]

    @property
    def _storage(self) -> Snapshot:
        return self

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        """Kept nowhere: the marks are given with the trials."""


def ends(length: int, shares: Sequence[int], first: int) -> list[int]:
    """The epoch of every rung; the same one for rungs that merge."""
    every = (max(first, -(-length * share // TWENTIETHS)) for share in sorted(shares))
    return [end for end in every if end < length]


def frozen(
    rungs: list[int], reports: Mapping[int, float], state: TrialState, step: Callable[[int], int]
) -> FrozenTrial:
    """A trial with its values, and the marks that ASHA leaves of rungs that it has decided."""
    last = {end: rung for rung, end in enumerate(rungs)}
    values = {step(last[end]): value for end, value in reports.items()}
    decided = sorted(reports)
    if state == TrialState.RUNNING:
        decided = decided[:-1]
    marks = {
        f"completed_rung_{rung}": next(reports[at] for at in decided if at >= end)
        for rung, end in enumerate(rungs)
        if decided and end <= decided[-1]
    }
    return optuna.trial.create_trial(
        state=state,
        value=0.0 if state == TrialState.COMPLETE else None,
        intermediate_values=values,
        system_attrs=marks,
    )


def agree(
    cell: Cell,
    theirs: optuna.pruners.BasePruner,
    step: Callable[[int], int],
    at: Callable[[int], list[int]],
    runs: list[Run],
    asking: Run,
    maximise: bool,
) -> None:
    """Every question of a run is answered alike, however many of the others are told."""
    ours, told = pruners.build(cell, maximise), []
    for run in runs:
        rungs = dict(zip(sorted({*at(run.length)}), run.scores, strict=False))
        assert ours.rungs(0, run.length) == tuple(sorted({*at(run.length)}))
        score = 0.0 if run.state == "finished" else None
        ours.tell(Outcome(run.state, score, rungs), run.length)
        known = rungs if run.state in ("finished", "pruned") else {}
        told.append(frozen(at(run.length), known, STATES[run.state], step))
    direction = StudyDirection.MAXIMIZE if maximise else StudyDirection.MINIMIZE
    reports: dict[int, float] = {}
    for end, score in zip(sorted({*at(asking.length)}), asking.scores, strict=False):
        reports[end] = score
        trial = frozen(at(asking.length), reports, TrialState.RUNNING, step)
        for seen in range(len(runs) + 1):
            study: Any = Snapshot(direction, [*told[:seen], trial])
            answer = ours.prunes(len(runs), seen, reports, asking.length)
            assert answer == theirs.prune(study, trial), (end, seen)


SHARES = st.lists(st.integers(1, TWENTIETHS - 1), min_size=1, max_size=4, unique=True)


@settings(max_examples=150, deadline=None)
@given(
    factor=st.integers(2, 4),
    shares=SHARES,
    first=st.integers(1, 5),
    runs=st.lists(RUNS, max_size=16),
    asking=ASKING,
    maximise=st.booleans(),
)
def test_asha_decides_as_if_it_were_handed_every_trial(
    cell: MakeCell,
    factor: int,
    shares: list[int],
    first: int,
    runs: list[Run],
    asking: Run,
    maximise: bool,
) -> None:
    taken = {
        "factor": factor,
        "rungs": tuple(share / TWENTIETHS for share in shares),
        "first_epoch": first,
    }
    theirs = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=factor)
    agree(
        cell("plain", pruner="asha", pruner_options=taken),
        theirs,
        lambda rung: int(factor**rung),
        lambda length: ends(length, shares, first),
        runs,
        asking,
        maximise,
    )


@pytest.mark.parametrize("pruner", ["median", "percentile"])
@settings(max_examples=80, deadline=None)
@given(
    startup=st.integers(1, 4),
    shares=SHARES,
    runs=st.lists(RUNS, max_size=16),
    asking=ASKING,
    maximise=st.booleans(),
)
def test_the_median_is_of_the_finished_among_every_trial(
    cell: MakeCell,
    pruner: str,
    startup: int,
    shares: list[int],
    runs: list[Run],
    asking: Run,
    maximise: bool,
) -> None:
    taken: dict[str, Any] = {
        "startup_trials": startup,
        "rungs": tuple(share / TWENTIETHS for share in shares),
        "first_epoch": 1,
    }
    percentile = 50.0 if pruner == "median" else 30.0
    taken |= {"percentile": percentile} if pruner == "percentile" else {}
    agree(
        cell("plain", pruner=pruner, pruner_options=taken),
        optuna.pruners.PercentilePruner(percentile, n_startup_trials=startup),
        lambda rung: rung,
        lambda length: ends(length, shares, 1),
        runs,
        asking,
        maximise,
    )
