"""The learning rates that were searched, each under its own name and with its own range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpstudy.analysis import networks
from hpstudy.analysis.ranges import searched
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.spec.foreign import HP
from hpstudy.spec.study import short
from hpstudy.store import Event

RATE = "training.learning_rate"
OPTIMIZER = "training.optimizer"
NAME = "learning rate"


@dataclass(frozen=True)
class Rates:
    """A cell's search trials at the rates of one name; `ends` is the range, where it has one."""

    cell: CellRecord
    name: str
    ends: tuple[float, float] | None
    trials: tuple[tuple[float, Event], ...]


def rates(record: StudyRecord) -> tuple[Rates, ...]:
    """Every cell's rates by name: no axis holds two parameters of a hypermodel, or two optimizers.

    A hypermodel's parameter is a rate where it was the one trained with in every trial that has
    it. Trials without a positive rate are left out.
    """
    runs = [run for cell in record.cells for run in cell.phase("search") if _rate(run)]
    optimizers = {run["config"].get(OPTIMIZER) for run in runs}
    parameters = networks.parameters_of(RATE, [run["config"] for run in runs])
    found = []
    for cell in record.cells:
        own = [run for run in cell.phase("search") if _rate(run)]
        groups: dict[str, list[tuple[str, Event]]] = {}
        for run in own:
            config = run["config"]
            named = [key for key in parameters if key in config]
            for key in named or [RATE]:
                words = _parameter(key) if named else _words(config, len(optimizers) > 1)
                groups.setdefault(words, []).append((key, run))
        for words, trials in groups.items():
            drawn = tuple((_rate(run), run) for _, run in trials)
            found.append(Rates(cell, words, _ends(cell, trials), drawn))
    return tuple(found)


def _parameter(key: str) -> str:
    """As the hypermodel calls it."""
    name = key.removeprefix(HP)
    return NAME if name == short(RATE) else name


def _words(config: Mapping[str, Any], several: bool) -> str:
    """'learning rate', or 'learning rate of adam' where a study has several optimizers."""
    optimizer = config.get(OPTIMIZER)
    return f"{NAME} of {optimizer}" if several and optimizer else NAME


def _ends(cell: CellRecord, trials: Sequence[tuple[str, Event]]) -> tuple[float, float] | None:
    key, run = trials[0]
    for one in searched(cell.settings, run["config"]):
        if one.key == key and one.low is not None and one.high is not None:
            return float(one.low), float(one.high)
        if one.key == key and one.options:
            return float(min(one.options)), float(max(one.options))
    return None


def _rate(run: Event) -> float:
    return float(run["config"].get(RATE) or 0.0)
