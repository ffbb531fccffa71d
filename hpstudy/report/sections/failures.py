"""How every run ended, and why those that did not finish did not."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.record import PHASES, STATUSES, CellRecord
from hpstudy.analysis.words import count, thousands
from hpstudy.report.findings import Findings
from hpstudy.report.page import Section, Table, render
from hpstudy.store import Event
from hpstudy.tracebacks import headline

# runs or reasons that are told one by one; nobody reads more, and runs.csv has them all
MOST = 100


def failures(findings: Findings) -> Section:
    """Counts of every status by cell and phase, divergences, tracebacks, superseded searches."""
    record = findings.record
    standing = [run for cell in record.cells for run in cell.runs]
    failed = [run for run in standing if run["status"] == "failed"]
    diverged = [run for run in standing if run["status"] == "diverged"]
    notes = [_summary(standing)]
    superseded = sum(record.superseded(run) for run in record.runs)
    if superseded:
        notes.append(
            f"Superseded: {count(superseded, 'run')} of an earlier search, or of an arm or a "
            "sweep point that the study no longer has; listed in runs.csv, and part of no claim."
        )
    for event in record.restarts:
        notes.append(
            f"{event['cell']}: search {event['generation']} replaced the one before "
            f"({event['reason']})."
        )
    for cell in record.cells:
        if cell.ended:
            notes.append(f"{cell.name}: {cell.ended}.")
    reasons = _by_reason(failed)
    body = render(
        "failures.html.j2",
        notes=notes,
        table=_counts(findings),
        count=len(diverged),
        diverged=[(_place(run), run["reason"]) for run in diverged[:MOST]],
        more_diverged=_more(len(diverged), "runs"),
        failed=[(headline(reason), reason, *own) for reason, own in reasons.items()][:MOST],
        more_failed=_more(len(reasons), "reasons"),
    )
    return Section("failures", "Failures", body)


def _summary(runs: list[Event]) -> str:
    if not runs:
        return "No run has ended yet."
    counts = {status: sum(run["status"] == status for run in runs) for status in STATUSES}
    parts = ", ".join(f"{thousands(ended)} {status}" for status, ended in counts.items() if ended)
    return f"{count(len(runs), 'run')}: {parts}. All are kept and counted."


def _counts(findings: Findings) -> Table:
    cells = findings.record.cells
    seen = {(run["phase"], run["status"]) for cell in cells for run in cell.runs}
    ends = [
        (phase, status)
        for phase in PHASES
        for status in STATUSES
        if status == "finished" or (phase, status) in seen
    ]
    header = [findings.cell, *(f"{phase}: {status}" for phase, status in ends)]
    rows = [[findings.label(cell), *_row(cell, ends)] for cell in cells]
    said = (
        f"Runs of each {findings.cell}, by phase and by how they ended; ends that no run had are "
        "left out."
    )
    return Table(said, header, [("", rows)], range(1, len(header)))


def _row(cell: CellRecord, ends: Sequence[tuple[str, str]]) -> list[str]:
    counts = (sum(r["status"] == status for r in cell.phase(phase)) for phase, status in ends)
    return [str(count) if count else "\u00b7" for count in counts]


def _by_reason(runs: list[Event]) -> dict[str, tuple[int, list[str]]]:
    """Tracebacks, each with how many runs ended in it and the places of the first ones."""
    found: dict[str, list[Event]] = {}
    for run in runs:
        found.setdefault(str(run["reason"] or "no reason was recorded"), []).append(run)
    return {
        reason: (len(own), [*map(_place, own[:MOST]), *_more(len(own), "runs")])
        for reason, own in found.items()
    }


def _more(count: int, things: str) -> list[str]:
    """What is left out, where something is."""
    return [f"and {thousands(count - MOST)} more {things}, in runs.csv"] if count > MOST else []


def _place(run: Event) -> str:
    return f"{run['cell']}, {run['phase']} trial {run['trial']}, seed {run['seed_index']}"
