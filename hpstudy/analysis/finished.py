"""Whether enough of a search finished for its pick to be a tuned one."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import STATUSES, CellRecord
from hpstudy.analysis.searches import again
from hpstudy.analysis.words import count
from hpstudy.search.options import BLIND
from hpstudy.store import Event

FINISHED, *LOST = STATUSES


def few_finished(cell: CellRecord) -> list[Flag]:
    """At most half of a search's configurations finished, and those do not make a tuned search.

    Either all of them were proposed in its first window, before any result was known, so that no
    proposal of a sampler that learns came to anything; or they are fewer than were to be trained
    again. A pruner that keeps one in four leaves as few where the first draws happen to be good.
    """
    tried = _configurations(cell)
    finished = [run for run in tried.values() if run["status"] == FINISHED]
    if cell.search is None or not finished or 2 * len(finished) > len(tried):
        return []
    window, top = int(cell.search["parallel"]), again(cell.search)
    first = max(run["trial"] for run in finished) < window < len(cell.phase("search"))
    if first and cell.search["sampler"] not in BLIND:
        all_of = "all of them " if len(finished) > 1 else ""
        why = f"{all_of}proposed before any result was known"
    elif len(finished) < top:
        why = f"fewer than the {top} to be trained again"
    else:
        return []
    words = (
        f"only {len(finished)} of {count(len(tried), 'configuration')} of {cell.arm}'s search "
        f"finished, {why} ({_lost(tried)})"
    )
    return [Flag("few finished trials", words)]


def _configurations(cell: CellRecord) -> Mapping[str, Event]:
    """The trial that tells how each configuration ended: the first that finished, or the last.

    One may be proposed again, or promoted in a trial of its own.
    """
    found: dict[str, Event] = {}
    for run in cell.phase("search"):
        content = json.dumps(run["config"], sort_keys=True)
        if content not in found or found[content]["status"] != FINISHED:
            found[content] = run
    return found


def _lost(tried: Mapping[str, Event]) -> str:
    """'9 pruned, 3 diverged'."""
    ends = [run["status"] for run in tried.values()]
    return ", ".join(f"{ends.count(end)} {end}" for end in LOST if end in ends)
