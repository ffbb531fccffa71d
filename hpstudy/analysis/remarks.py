"""What qualifies verdicts, each on its own or all of them alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Remark:
    """One thing that qualifies a claim; `grave` where it calls the claim into question."""

    words: str
    grave: bool


def shared(of_each: Sequence[Sequence[Remark]]) -> list[Remark]:
    """What qualifies every one of several verdicts, to be told once."""
    if len(of_each) < 2:
        return []
    first, *others = of_each
    return [remark for remark in first if all(remark in other for other in others)]


def parted(remarks: Sequence[Remark], told: Sequence[Remark] = ()) -> tuple[list[str], list[str]]:
    """What is in doubt and what is noted, of what is not told already."""
    left = [remark for remark in remarks if remark not in told]
    return [one.words for one in left if one.grave], [one.words for one in left if not one.grave]
