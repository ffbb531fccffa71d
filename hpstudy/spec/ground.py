"""What cells are made of: what all arms share, and one arm's own part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from hpstudy.spec.arms import SUBSET
from hpstudy.spec.declarations import Parameter
from hpstudy.spec.section import Layer
from hpstudy.spec.space import Config
from hpstudy.spec.study import Score, Search
from hpstudy.spec.sweeps import Joint
from hpstudy.spec.training import TRAINING
from hpstudy.spec.yaml import Node


@dataclass(frozen=True)
class Arm:
    """One entry of `arms:` as read: its own settings and its search.

    `doubts` are the settings that mistakes in it may have changed. `budget` is where the file gives
    that of its search.
    """

    name: str
    place: Node
    settings: Layer
    search: Search | None
    doubts: frozenset[str]
    budget: Node | None


@dataclass(frozen=True)
class Ground:
    """What all arms of a study share.

    Where a mistake hides it, `model` is empty, and `score` and `task` are None. `examples` are
    those of the training part and `example` is the shape of one, if known; `doubts` as in `Arm`.
    """

    model: str
    parameters: tuple[Parameter, ...]
    base: Layer
    joint: Joint | None
    score: Score | None
    task: str | None
    examples: int | None
    example: tuple[int, ...] | None
    # where messages point: `training:`, `score.at:` and `search:`, or what stands around them
    places: Mapping[str, Node]
    doubts: frozenset[str]

    @cached_property
    def declared(self) -> dict[str, Parameter]:
        """Every declared setting by its full key, model first."""
        return declared(self.parameters)

    @cached_property
    def defaults(self) -> Config:
        """Full key -> default, without those that have none."""
        return {key: p.default for key, p in self.declared.items() if p.default is not None}


def declared(model: Iterable[Parameter]) -> dict[str, Parameter]:
    """Every setting of a study by its full key, those of its model first."""
    sections = (("model", model), ("training", TRAINING), ("subset", SUBSET))
    return {f"{prefix}.{p.name}": p for prefix, some in sections for p in some}
