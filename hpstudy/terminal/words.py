"""The words of progress that the live table and the plain lines share."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.store import Event
from hpstudy.terminal.standing import CellStanding, Standing
from hpstudy.tracebacks import headline

# the gravest first, since a narrow terminal cuts the end off
TROUBLES = ("failed", "diverged", "pruned")


def clock(seconds: float) -> str:
    """'0:07', '12:34' or '1:02:03'."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def rate(runs: float) -> str:
    """'4.2 runs/s', or '12 runs/min' where they are slow."""
    return f"{runs:.1f} runs/s" if runs >= 1 else f"{60 * runs:.0f} runs/min"


def troubles(statuses: Mapping[str, int]) -> str:
    """'1 failed, 3 pruned'; '' where every run finished."""
    return ", ".join(f"{statuses[one]} {one}" for one in TROUBLES if statuses.get(one))


def pace(standing: Standing) -> list[str]:
    """Runs done of those planned, rate, and time left."""
    parts = [f"{standing.done:,} of {standing.planned:,} runs"]
    if standing.rate is not None:
        parts.append(rate(standing.rate))
    parts.append(f"{clock(standing.elapsed)} so far")
    if standing.left is not None and standing.done < standing.planned:
        parts.append(f"about {clock(standing.left)} left")
    return parts


def failure(event: Event) -> str:
    """One line about a failed run: where, and what was raised."""
    said = headline(event.get("reason") or "")
    return f"failed: {event['cell']}, {event['phase']} trial {event['trial']}: {said}"


def note(cell: CellStanding, phase: str | None = None) -> str:
    """What is worth knowing of a cell, or of one of its phases: how its runs ended."""
    parts = [troubles(cell.statuses if phase is None else cell.ends[phase])]
    if cell.run.exhausted and phase in (None, "search"):
        parts.insert(0, cell.run.exhausted.partition(":")[0])
    return ", ".join(part for part in parts if part)
