"""Trials whose network is over a limit of their search: known from its counts, never trained."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.store import Event
from hpstudy.subsets.rules import Count


def excess(counts: Mapping[str, int], limits: Mapping[str, int]) -> dict[str, int]:
    """By how much a network is above each limit; empty where its counts are not known."""
    of = {"max_parameters": "total", "max_trained": "trained"}
    known = {name: most for name, most in limits.items() if of[name] in counts}
    return {name: counts[of[name]] - most for name, most in known.items()}


def refused(run: str, count: Count, limits: Mapping[str, int]) -> Event | None:
    """The record of a trial that is not trained, or None where its network is within limits."""
    counts = {"trained": count.trained, "frozen": count.frozen, "total": count.total}
    over = [f"{name} is {limits[name]:,}" for name, n in excess(counts, limits).items() if n > 0]
    if not over:
        return None
    has = f"{count.total:,} parameters, {count.trained:,} of them trained"
    return {
        "run": run,
        "status": "pruned",
        "reason": f"not trained: the network has {has}; {', '.join(over)}",
        "score": None,
        "scored_epoch": None,
        "counts": counts,
    }
