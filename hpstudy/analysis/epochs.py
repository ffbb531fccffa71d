"""How much was trained for a study in all, and how its promoted runs went on."""

from __future__ import annotations

from collections import Counter

from hpstudy.analysis.record import StudyRecord
from hpstudy.analysis.words import count
from hpstudy.store import Event


def trained(record: StudyRecord) -> str:
    """'186 epochs in 50 runs; 12 promoted runs went on without repeating an epoch'."""
    runs = [run for run in record.runs if run.get("same_as") is None and trained_epochs(run)]
    said = [f"{count(sum(map(trained_epochs, runs)), 'epoch')} in {count(len(runs), 'run')}"]
    promoted = [run["continued"] for run in runs if run.get("continued")]
    gone_on = sum(bool(one["from"]) for one in promoted)
    if gone_on:
        said.append(f"{count(gone_on, 'promoted run')} went on without repeating an epoch")
    for why, number in sorted(Counter(one["why"] for one in promoted if one["why"]).items()):
        said.append(f"{count(number, 'promoted run')} began anew ({why})")
    return "; ".join(said) if runs else ""


def trained_epochs(run: Event) -> int:
    """The epochs that were trained for a run; older stores tell those that it has."""
    return int(run["trained_epochs"] if "trained_epochs" in run else run["epochs"])
