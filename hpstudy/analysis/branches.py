"""Branches of a grid that no trial has searched, as their workers died on the way."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import number
from hpstudy.spec.study import short
from hpstudy.store import Event


def lost(cell: CellRecord) -> list[str]:
    """A sentence for each branch; a later trial that went down it has it found again."""
    if (cell.search or {}).get("sampler") != "grid":
        return []
    trials = cell.phase("search")
    found: dict[str, list[int]] = {}
    for run in filter(_died, trials):
        if not any(_beyond(run, other) for other in trials):
            found.setdefault(_branch(run["params"]), []).append(run["trial"])
    return [f"{cell.name}: {_words(branch, *found[branch], again=_open(cell))}" for branch in found]


def _died(run: Event) -> bool:
    """Whether a worker died before the trial was asked all."""
    return bool((run.get("discovery") or {}).get("lost"))


def _beyond(run: Event, other: Event) -> bool:
    """Whether a later trial came further with the same answers."""
    if other["trial"] <= run["trial"]:
        return False
    mine, its = run["params"].items(), other["params"].items()
    return mine < its or (mine == its and not _died(other))


def _branch(params: Mapping[str, object]) -> str:
    named = (f"{short(key.partition('[')[0])} {number(value)}" for key, value in params.items())
    return f"beyond {', '.join(named)}, where" if params else "at all, as"


def _words(branch: str, first: int, second: int | None = None, *, again: bool) -> str:
    where = f"the grid was not searched {branch} a worker died in trial {first}"
    if second is not None:
        return f"{where} and again in trial {second}"
    return f"{where}; running the study again tries it once more" if again else where


def _open(cell: CellRecord) -> bool:
    """Whether the search may make more trials than it has."""
    assert cell.search is not None
    spent = cell.ended.startswith("budget")
    return len(cell.phase("search")) < int(cell.search["trials"]) and not spent
