"""A study as plain data: what the file says once it has been read and found right."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hpstudy.errors import Problem
from hpstudy.spec.problems import Place
from hpstudy.spec.space import Condition, Config, Scalar, Settings, written


@dataclass(frozen=True)
class Data:
    """The data set, its options, and how it is split; `given` says where the file sets a key."""

    name: str
    validation: float
    test: float | None
    split_seed: int
    options: Mapping[str, Scalar] = field(default_factory=dict)
    given: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place(self, message: str) -> Place | None:
        """Where the file sets what a message is about: the key that it names, else its path."""
        keys = [*re.findall(r"data\.(\w+)", message), "path", "name"]
        return next((self.given[key] for key in keys if key in self.given), None)


@dataclass(frozen=True)
class Score:
    """One rule for search, pruning, choice and confirm: which metric, at which epoch."""

    metric: str
    at: Literal["last", "best_validation"] | int
    maximise: bool


@dataclass(frozen=True)
class Search:
    """How a cell is searched; equal fields mean an equal search."""

    driver: str
    sampler: str
    pruner: str
    trials: int
    parallel: int
    seed: int
    choose_top: int
    choose_seeds: int
    sampler_options: Mapping[str, Scalar] = field(default_factory=dict)
    pruner_options: Mapping[str, Scalar] = field(default_factory=dict)
    choose_pruner: str = "none"
    # what the trials of a cell may be trained for in all; None is no limit
    budget_epochs: int | None = None
    budget_minutes: float | None = None
    # a trial whose network has more, in all or to train, is not trained
    max_parameters: int | None = None
    max_trained: int | None = None
    # the score and the costs that are looked for together; None is the score alone
    objectives: tuple[str, ...] | None = None

    @property
    def costs(self) -> tuple[str, ...]:
        """What is to be small besides the score's being good, by the names of `objectives`."""
        return (self.objectives or ())[1:]

    @property
    def to_confirm(self) -> int:
        """Configurations of a cell that are confirmed, at most: the pick, or of the front."""
        return min(self.choose_top, self.trials) if self.costs else 1

    @property
    def budgeted(self) -> bool:
        """Whether epochs or minutes limit it besides its trials."""
        return self.budget_epochs is not None or self.budget_minutes is not None

    @property
    def limits(self) -> dict[str, int]:
        """What a network may have at most, by the names of `search:`."""
        named = {"max_parameters": self.max_parameters, "max_trained": self.max_trained}
        return {name: most for name, most in named.items() if most is not None}


@dataclass(frozen=True)
class Cell:
    """One arm at one sweep point.

    `settings` holds every key (`model.`, `training.`, `subset.`) with its fixed value or range;
    `defaults` what each key is when nobody sets it. `search` is None where nothing is searched.
    `given` says where the study file sets a key, the branches of its choices included.
    """

    arm: str
    point: Mapping[str, Scalar]
    settings: Settings
    conditions: Mapping[str, Condition]
    defaults: Config
    search: Search | None
    given: Mapping[str, Place] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """Unique in the study and stable under reordering: 'bn_only depth=3'."""
        point = (f"{short(key)}={written(value)}" for key, value in sorted(self.point.items()))
        return " ".join([self.arm, *point])


@dataclass(frozen=True)
class Spec:
    """A whole study file, validated."""

    name: str
    question: str
    path: str
    text: str
    data: Data
    score: Score
    cells: tuple[Cell, ...]
    arms: tuple[str, ...]
    contrasts: tuple[tuple[str, str], ...]
    confirm_seeds: int
    seed: int
    engine: Mapping[str, Scalar] = field(default_factory=dict)
    # what was asked for besides the file: '--variant', 'quick', '--set', 'confirm.seeds=3'
    arguments: tuple[str, ...] = ()
    # what the file says and hardly means
    cautions: tuple[Problem, ...] = field(default=(), compare=False)


def short(key: str) -> str:
    """'model.depth' -> 'depth': the word that people use for a key."""
    return key.rsplit(".", 1)[-1]
