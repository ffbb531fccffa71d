"""The ranking of the candidates that were trained again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean

from hpstudy.store import Event


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
