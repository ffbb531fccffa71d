"""Whether the moving statistics that a test score rests on have left their initial values."""

from __future__ import annotations

from collections.abc import Sequence

from hpstudy.analysis.flag import Flag
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import thousands

# share of the initial value; as much is about the average's own noise: at momentum 0.99 it weighs
# like 199 batches, whose variance, of 64 examples each, is known to sqrt(2 / (64 * 199)), or 1.3%
SETTLED = 0.01


def unsettled(cells: Sequence[CellRecord]) -> list[Flag]:
    """More than 1% of the initial values 0 and 1 is left in an arm's worst finished confirm run.

    That is momentum**n after n steps. Runs that have recorded neither are not judged. Arms of which
    the same is to be said share a flag.
    """
    said: dict[str, list[str]] = {}
    for cell in cells:
        if left := _left(cell):
            said.setdefault(left, []).append(f"{cell.arm}'s")
    return [
        Flag(
            "unsettled statistics",
            f"{' and '.join(arms)} moving statistics have not settled: {left}",
        )
        for left, arms in said.items()
    ]


def _left(cell: CellRecord) -> str:
    """How much of the initial values is left; '' where it is little enough, or not known."""
    finished = [run for run in cell.confirmed if run["status"] == "finished" and "moving" in run]
    moving = [(run["moving"]["momentum"], run["moving"]["steps"]) for run in finished]
    known = [(momentum**steps, steps, momentum) for momentum, steps in moving]
    if not known or max(known)[0] <= SETTLED:
        return ""
    left, steps, momentum = max(known)
    upto = "up to " if min(known)[0] < left else ""
    return (
        f"{upto}{_percent(left)} of their initial values are left after {thousands(steps)} steps "
        f"at momentum {momentum}"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.{0 if share >= 0.1 else 1}f}%"
