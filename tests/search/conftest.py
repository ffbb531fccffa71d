"""Small cells, and a stand-in for the workers that train them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from hpstudy.search.driver import Outcome, Trial
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import Choice, Config, FloatRange, IntRange, Settings
from hpstudy.spec.study import Cell, Search

PLAIN: Settings = {
    "training.length.epochs": 40,
    "training.learning_rate": FloatRange(0.01, 30, log=True),
    "training.batch_size": Choice((64, 128)),
    "model.width": IntRange(16, 512, log=True),
    "training.label_smoothing": FloatRange(0.0, 0.2),
}
CONDITIONAL: Settings = {
    "training.length.epochs": 40,
    "training.optimizer": Choice(
        ("sgd", "adam"),
        {
            "sgd": {"training.learning_rate": FloatRange(0.1, 30, log=True)},
            "adam": {"training.learning_rate": FloatRange(0.0001, 0.1, log=True)},
        },
    ),
    "training.momentum": FloatRange(0.0, 0.95),
    "training.adam_epsilon": FloatRange(1e-8, 1e-3, log=True),
    "model.depth": IntRange(1, 6),
}
CONDITIONS = {
    "training.momentum": {"training.optimizer": ("sgd",)},
    "training.adam_epsilon": {"training.optimizer": ("adam",)},
}
AWKWARD: Settings = {
    "training.length.epochs": Choice((12, 40)),
    "model.width": IntRange(1, 10, step=4),
    "model.depth": IntRange(8, 64, log=True, step=8),
    "training.dropout": FloatRange(0.1, 0.55, step=0.2),
    "training.schedule.at": Choice(((0.7, 0.9), (0.5,), None)),
    "model.flag": Choice((True, 1, "1")),
}
SPACES = {"plain": PLAIN, "conditional": CONDITIONAL, "awkward": AWKWARD}


def make_cell(
    settings: Settings | str = "plain",
    sampler: str = "random",
    pruner: str = "none",
    trials: int = 12,
    *,
    parallel: int = 4,
    seed: int = 1,
    driver: str = "optuna",
    arm: str = "bn_only",
    point: Mapping[str, Any] | None = None,
    sampler_options: Mapping[str, Any] | None = None,
    pruner_options: Mapping[str, Any] | None = None,
    budget_epochs: int | None = None,
    budget_minutes: float | None = None,
    objectives: tuple[str, ...] | None = None,
) -> Cell:
    search = Search(
        driver=driver,
        sampler=sampler,
        pruner=pruner,
        trials=trials,
        parallel=parallel,
        seed=seed,
        choose_top=4,
        choose_seeds=3,
        sampler_options=sampler_options or {},
        pruner_options=pruner_options or {},
        budget_epochs=budget_epochs,
        budget_minutes=budget_minutes,
        objectives=objectives,
    )
    space = SPACES[settings] if isinstance(settings, str) else settings
    return Cell(arm, point or {"model.depth": 3}, space, CONDITIONS, {}, search)


def epochs(config: Config) -> int:
    length = config["training.length.epochs"]
    assert isinstance(length, int)
    return length


def score(config: Config) -> float:
    """A deterministic score of any configuration, best where the learning rate is 3."""
    rate = config.get("training.learning_rate", 1.0)
    assert isinstance(rate, float)
    return -abs(math.log(rate / 3)) - 0.001 * sum(map(len, map(str, config.values())))


def cost(config: Config) -> int:
    """A deterministic number of trained parameters."""
    return 10 * int(str(config.get("model.depth", 1))) * int(str(config.get("model.width", 1)))


def ending(trial: Trial) -> str:
    """Which trials go wrong, decided by the trial alone."""
    return {5: "diverged", 7: "failed"}.get(trial.number % 9, "finished")


class Player:
    """Runs a search as workers would; `rng` decides which of the running trials moves next."""

    def __init__(self, cell: Cell, ending: Callable[[Trial], str] = ending) -> None:
        assert cell.search is not None
        self.search = CellSearch(cell, True, epochs)
        self._ending = ending

    def play(self, rng: Random | None = None) -> CellSearch:
        search, running = self.search, list[tuple[Trial, list[int]]]()
        reached: dict[int, dict[int, float]] = {}
        while not search.done:
            while (trial := search.next()) is not None:
                running.append((trial, list(search.rungs(trial.number))))
                reached[trial.number] = {}
            movable = [
                item
                for item in running
                if item[0].same_as is None or item[0].same_as in search.outcomes
            ]
            if not movable:
                assert search.done
                break
            item = rng.choice(movable) if rng else movable[0]
            trial, rungs = item
            if trial.same_as is not None:
                running.remove(item)
                search.finish(trial.number, search.outcomes[trial.same_as])
                continue
            value = score(trial.config)
            spends = {"trained": cost(trial.config)}
            if rungs:
                epoch = rungs.pop(0)
                reached[trial.number][epoch] = value + epoch / 1000
                if not search.report(trial.number, epoch, value + epoch / 1000):
                    continue
                outcome = Outcome("pruned", None, reached[trial.number], epoch, epoch * 1.5)
            else:
                state: Any = self._ending(trial)
                finished = value if state == "finished" else None
                whole = epochs(trial.config)
                # diverged and failed ones stop half way
                spent = whole if state == "finished" else whole // 2
                outcome = Outcome(
                    state, finished, reached[trial.number], spent, spent * 1.5, costs=spends
                )
            running.remove(item)
            search.finish(trial.number, outcome)
        return search


@pytest.fixture(scope="session")
def cell() -> Callable[..., Cell]:
    """Builds a cell: `cell('conditional', 'tpe', 'asha', 12, seed=2)`."""
    return make_cell


@pytest.fixture(scope="session")
def played() -> Callable[..., CellSearch]:
    """Plays a cell's search to its end: `played(cell, rng)`."""

    def play(
        cell: Cell, rng: Random | None = None, ending: Callable[[Trial], str] = ending
    ) -> CellSearch:
        return Player(cell, ending).play(rng)

    return play
