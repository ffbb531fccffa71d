"""Branches of a grid that no trial has searched, as their workers died on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import number
from hpstudy.spec.study import short
from hpstudy.store import Event


def lost(cell: CellRecord) -> list[str]:
    """A sentence for each branch; a later trial that went down it has it found again."""
    if (cell.search or {}).get("sampler") != "grid":
        return []
    trials = cell.phase("search")
    found: dict[tuple[tuple[str, object], ...], list[Event]] = {}
    for run in filter(_died, trials):
        later = (other for other in trials if other["trial"] > run["trial"])
        if not any(_beyond(run, other) for other in later):
            found.setdefault(tuple(run["params"].items()), []).append(run)
    return [f"{cell.name}: {_told(runs, cell)}" for runs in found.values()]


def _died(run: Event) -> bool:
    """Whether a worker died before the trial was asked all."""
    return bool((run.get("discovery") or {}).get("lost"))


def _beyond(run: Event, other: Event) -> bool:
    """Whether another trial came further with the same answers."""
    mine, its = run["params"].items(), other["params"].items()
    return mine < its or (mine == its and not _died(other))


def _told(runs: Sequence[Event], cell: CellRecord) -> str:
    """What the trials that died in one branch come to.

    Where an earlier one came further, the branch stays open to every trial; else it is tried once
    more alone, and a second death there gives it up.
    """
    params, trials = runs[0]["params"], [run["trial"] for run in runs]
    again = _open(cell)
    if any(_beyond(runs[0], other) for other in cell.phase("search")):
        branch = f"to its end {_branch(params)}" if params else "to its end, as"
        return _words(branch, trials, "; running the study again goes on there" if again else "")
    branch = _branch(params) if params else "at all, as"
    if len(trials) > 1:
        return _words(branch, trials[:-1], f" and again in trial {trials[-1]}")
    return _words(branch, trials, "; running the study again tries it once more" if again else "")


def _branch(params: Mapping[str, object]) -> str:
    named = (f"{short(key.partition('[')[0])} {number(value)}" for key, value in params.items())
    return f"beyond {', '.join(named)}, where"


def _words(branch: str, trials: Sequence[int], then: str) -> str:
    *others, last = map(str, trials)
    numbers = f"trials {', '.join(others)} and {last}" if others else f"trial {last}"
    return f"the grid was not searched {branch} a worker died in {numbers}{then}"


def _open(cell: CellRecord) -> bool:
    """Whether the search may make more trials than it has."""
    assert cell.search is not None
    spent = cell.ended.startswith("budget")
    return len(cell.phase("search")) < int(cell.search["trials"]) and not spent
