"""The candidates of a cell: who is trained again, on which seeds, and which of them is picked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from hpstudy.search.front import members
from hpstudy.spec.study import Search
from hpstudy.store import Event

# what of a phase was recorded: (trial, seed) -> its record, or None
Recorded = Callable[[int, int], Event | None]


def shortlist(
    ended: Iterable[tuple[str, int, Event]], top: int, maximise: bool, costs: Sequence[str] = ()
) -> list[int]:
    """The best `top` finished trials of a search, best first, each configuration once.

    `ended` holds the run, the trial and the record of every search run. With `costs` only those
    count that are on the front of score and costs.
    """
    runs = list(ended)
    records = {trial: record for _, trial, record in runs}
    sign = -1 if maximise else 1
    finished = sorted(
        (sign * record["score"], trial, run)
        for run, trial, record in runs
        if record["status"] == "finished"
    )
    # one configuration may have finished in several of Hyperband's brackets
    first: dict[str, int] = {}
    for _, trial, run in finished:
        first.setdefault(run, trial)
    best = list(first.values())
    if costs:
        best = members({trial: records[trial] for trial in best}, costs, maximise)
    return best[:top]


def chosen(
    candidates: list[int], search: Search | None, recorded: Recorded, maximise: bool
) -> list[tuple[int, int]]:
    """The (trial, seed) of every choose run that is wanted so far.

    Every candidate on every seed; under a pruner, those left after each whole seed.
    """
    wanted: list[tuple[int, int]] = []
    left = candidates
    prunes = search is not None and search.choose_pruner != "none"
    for seed in range(search.choose_seeds if search is not None else 0):
        wanted += ((trial, seed) for trial in left)
        if prunes and any(recorded(*one) is None for one in wanted):
            break
        if prunes:
            from hpstudy.search import choosing

            scores = {trial: _scores(recorded, trial, seed) for trial in left}
            left = choosing.left(scores, maximise)
    return wanted


def ranked(runs: Mapping[int, Sequence[Event]], maximise: bool) -> list[Event]:
    """Trials by the mean score of their choose runs, best first; ties as they came.

    Those that were stopped early rank below those that went on, and those with a diverged or
    failed run below those without.
    """
    sign = -1 if maximise else 1
    entries: list[tuple[tuple[float, ...], Event]] = []
    for place, (trial, records) in enumerate(runs.items()):
        scores = [record["score"] for record in records if record["status"] == "finished"]
        lost = Counter(record["status"] for record in records if record["status"] != "finished")
        mean = fmean(scores) if scores else None
        entry = {
            "trial": trial,
            "mean": mean,
            "scores": scores,
            "diverged": lost["diverged"],
            "failed": lost["failed"],
        }
        # one that was stopped had fewer seeds than whoever went on
        entries.append(((-len(records), lost.total(), sign * (mean or 0.0), place), entry))
    return [entry for _, entry in sorted(entries, key=lambda one: one[0])]


def _scores(recorded: Recorded, trial: int, last: int) -> list[float | None]:
    """A candidate's choose scores up to seed `last`, None where a run was lost."""
    records = [recorded(trial, seed) for seed in range(last + 1)]
    return [one["score"] if one and one["status"] == "finished" else None for one in records]
