"""How every run ended, and why those that did not finish did not."""

from __future__ import annotations

from hpstudy.analysis.record import PHASES, STATUSES, CellRecord
from hpstudy.analysis.words import thousands
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
            f"{thousands(superseded)} runs are superseded: they belong to an earlier search or to "
            "a cell that the study no longer has. They are listed in runs.csv and enter no claim."
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
    parts = ", ".join(f"{thousands(count)} {status}" for status, count in counts.items() if count)
    return f"{thousands(len(runs))} runs: {parts}. All are kept and counted."


def _counts(findings: Findings) -> Table:
    header = ["cell", *(f"{phase}: {status}" for phase in PHASES for status in _possible(phase))]
    rows = [[cell.name, *_row(cell)] for cell in findings.record.cells]
    return Table(
        "Runs of each cell by how they ended.", header, [("", rows)], range(1, len(header))
    )


def _possible(phase: str) -> tuple[str, ...]:
    return STATUSES if phase == "search" else tuple(s for s in STATUSES if s != "pruned")


def _row(cell: CellRecord) -> list[str]:
    counts = (
        sum(run["status"] == status for run in cell.phase(phase))
        for phase in PHASES
        for status in _possible(phase)
    )
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
