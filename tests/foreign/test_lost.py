"""Branches of a grid that are lost when a worker dies: recorded, told, and tried once more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpstudy import data
from hpstudy.analysis.progress import missing
from hpstudy.analysis.record import read
from hpstudy.bench.atonce import AtOnce
from hpstudy.bench.madeup import Plain
from hpstudy.coordinator import Coordinator
from hpstudy.engine.executor import Asked, Probed
from hpstudy.engine.job import Probe
from hpstudy.search.window import UNBUILT
from hpstudy.spec.registered import Registered
from hpstudy.spec.study import Spec
from hpstudy.store import Event, Store
from hpstudy.study import Silent

Answers = dict[str, Any]
TRIALS = 20
COUNTS = {"trained": 10, "frozen": 0, "total": 10}


def asks(answers: Answers, deepest: int) -> Registered | None:
    """A hypermodel that asks for a depth, and for the units of each layer."""
    if "depth" not in answers:
        return Registered("depth", "int", 1, 1, deepest, 1)
    for number in range(answers["depth"]):
        if f"units_{number}" not in answers:
            return Registered(f"units_{number}", "choice", 8, options=(8, 16))
    return None


class Dying(AtOnce):
    """Workers that build and train nothing, and die where `dies` says so of the answers so far."""

    def __init__(self, dies: Callable[[Answers], bool], deepest: int) -> None:
        super().__init__(Plain())
        self._dies, self._deepest = dies, deepest
        self._probe: Probe | None = None
        self._answers: Answers = {}

    def probe(self, probe: Probe) -> None:
        self._probe, self._answers = probe, {}

    def wait(self, timeout: float | None = None) -> list[Any]:
        if self._probe is None:
            return super().wait(timeout)
        run, asked = self._probe.run, asks(self._answers, self._deepest)
        if asked is not None and not self._dies(self._answers):
            return [Asked(run, asked.as_json())]
        self._probe = None
        found: Answers = {"training": {}, "counts": COUNTS, "collisions": [], "reason": None}
        if asked is not None:
            found |= {"counts": {}, "reason": "the worker ended", "lost": True}
        return [Probed(run, found)]

    def answer(self, run: str, answer: Any) -> None:
        if self._probe is None:
            return super().answer(run, answer)
        asked = asks(self._answers, self._deepest)
        assert asked is not None
        self._answers[asked.name] = answer


@pytest.fixture
def play(
    load: Callable[..., Spec],
    digits: data.Split,
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[list[Event], tuple[str, ...]]]:
    """Runs a study, or goes on with it: its search's trials, and what is missing in its record."""
    search = "driver: keras_tuner, oracle: {grid: {points: 2}}"
    one = load("per_layer", trials=TRIALS, search=search)

    def played(
        dies: Callable[[Answers], bool], deepest: int = 2
    ) -> tuple[list[Event], tuple[str, ...]]:
        executor = "hpstudy.coordinator.LocalExecutor"
        monkeypatch.setattr(executor, lambda *given: Dying(dies, deepest))
        store = Store(tmp_path / "study")
        Coordinator(one, digits, store, Silent()).run(1, cache)
        record = read(store)
        assert record is not None
        (cell,) = record.cells
        return list(cell.phase("search")), missing(record)

    return played


def params(trial: Event) -> Answers:
    return {key.removeprefix("model.hp."): value for key, value in trial["params"].items()}


def never(answers: Answers) -> bool:
    return False


def deep(answers: Answers) -> bool:
    return answers.get("depth") == 2


def test_a_lost_branch_is_told_and_tried_once_more_when_the_study_goes_on(play: Any) -> None:
    trials, lacking = play(deep)
    assert [params(one) for one in trials] == [
        {"depth": 1, "units_0": 8},
        {"depth": 1, "units_0": 16},
        {"depth": 2},
    ]
    assert [one["discovery"].get("lost") for one in trials] == [None, None, True]
    said = f"it: {beyond('depth 2', 2)}"
    assert lacking == (f"{said}; running the study again tries it once more",)

    trials, lacking = play(never)
    assert len(trials) == 7 and not lacking
    found = [params(one) for one in trials[3:]]
    assert [(one["units_0"], one["units_1"]) for one in found] == [
        *((8, 8), (8, 16), (16, 8), (16, 16)),
    ]
    # and the whole of it is repeated by a further process
    assert play(deep) == (trials, ())


def test_a_branch_that_is_lost_again_is_given_up(play: Any) -> None:
    play(deep)
    trials, lacking = play(deep)
    assert [params(one) for one in trials[2:]] == [{"depth": 2}, {"depth": 2}]
    said = f"it: {beyond('depth 2', 2)}"
    assert lacking == (f"{said} and again in trial 3",)
    assert play(never) == (trials, lacking)


def test_branches_that_two_processes_lost_keep_their_order(play: Any) -> None:
    play(lambda answers: answers == {"depth": 1} or answers == {"depth": 2, "units_0": 16})
    # what the first process lost first is found, and a part of what it lost last is lost again
    play(lambda answers: answers == {"depth": 1, "units_0": 8})
    trials, lacking = play(never)
    complete = {tuple(params(one).values()) for one in trials if one["status"] == "finished"}
    assert complete == {(1, 8), (1, 16), *((2, a, b) for a in (8, 16) for b in (8, 16))}
    assert not lacking and play(never) == (trials, ())


def test_a_worker_that_dies_before_anything_is_asked_loses_no_grid_for_good(play: Any) -> None:
    trials, lacking = play(lambda answers: True)
    assert len(trials) == 1
    assert any(
        "the grid was not searched at all, as a worker died in trial 0" in o for o in lacking
    )
    trials, lacking = play(never)
    assert len(trials) == 7 and not lacking


def test_workers_that_died_in_a_row_end_a_search_for_their_own_process_alone(play: Any) -> None:
    deepest = UNBUILT + 2
    trials, _ = play(lambda answers: "depth" in answers, deepest)
    assert [params(one) for one in trials] == [{"depth": n + 1} for n in range(UNBUILT)]
    trials, lacking = play(never, deepest)
    assert len(trials) == TRIALS and trials[UNBUILT]["status"] == "finished"
    # with no trial left to go there, nothing is promised
    assert f"it: {beyond('depth 1', 0)}" in lacking


def after(*way: Answers) -> Callable[[Answers], bool]:
    """Lets one trial through, and dies at every later one's answers that `way` names."""
    begun: list[bool] = []

    def dies(answers: Answers) -> bool:
        begun.extend([True] * (not answers))
        return len(begun) > 1 and answers in way

    return dies


@pytest.mark.parametrize(
    ("answers", "branch"),
    [({}, ", as"), ({"depth": 1}, " beyond depth 1, where")],
)
def test_a_branch_that_another_trial_came_through_is_never_given_up(
    answers: Answers, branch: str, play: Any
) -> None:
    trials, lacking = play(after(answers))
    assert [params(one) for one in trials[1:]] == [answers] * UNBUILT
    told = f"it: the grid was not searched to its end{branch} a worker died in trials"
    assert f"{told} 1, 2, 3, 4 and 5; running the study again goes on there" in lacking

    # a second process dies there once, and goes on
    once = iter([True])
    trials, lacking = play(lambda seen: seen == answers and next(once, False))
    complete = [tuple(params(one).values()) for one in trials if one["status"] == "finished"]
    grid = [(1, 8), (1, 16), *((2, a, b) for a in (8, 16) for b in (8, 16))]
    assert complete == grid and len(trials) == len(grid) + UNBUILT + 1
    assert not lacking and play(never) == (trials, ())


def test_a_branch_left_open_with_no_trial_left_promises_nothing(play: Any) -> None:
    trials, lacking = play(after({}))
    while len(trials) < TRIALS:
        trials, lacking = play(lambda answers: True)
    numbers = ", ".join(map(str, range(1, TRIALS - 1)))
    told = "it: the grid was not searched to its end, as a worker died in trials"
    assert f"{told} {numbers} and {TRIALS - 1}" in lacking


def beyond(branch: str, trial: int) -> str:
    return f"the grid was not searched beyond {branch}, where a worker died in trial {trial}"
