"""Colours and marks: sentinel colours for drawing, CSS variables for showing.

matplotlib draws in sentinel colours that no one would choose; the finished SVG has each replaced
by a CSS variable, so that one drawing serves light and dark. An arm keeps its colour and its mark
in every figure; the mark tells arms apart where colour does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INK, MUTED, GRID, PAPER = "#010101", "#020202", "#030303", "#040404"
SENTINELS = {INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper"}
# matplotlib's marker, and the same shape as an SVG path in a box of 12 by 12 for legends
MARKS = (
    ("o", "M6 2a4 4 0 1 0 .01 0z"),
    ("s", "M2.5 2.5h7v7h-7z"),
    ("^", "M6 1.5l4.5 8.5h-9z"),
    ("D", "M6 1l5 5-5 5-5-5z"),
    ("v", "M6 10.5l4.5-8.5h-9z"),
    ("P", "M4.3 1.5h3.4v2.8h2.8v3.4h-2.8v2.8h-3.4v-2.8h-2.8v-3.4h2.8z"),
    ("X", "M3.5 1l2.5 2.5 2.5-2.5 2.5 2.5-2.5 2.5 2.5 2.5-2.5 2.5-2.5-2.5-2.5 2.5-2.5-2.5"
     " 2.5-2.5-2.5-2.5z"),
    ("p", "M6 1l4.8 3.5-1.8 5.6h-6l-1.8-5.6z"),
)  # fmt: skip
HUES = len(MARKS)
# the subset rules whose arms look alike in every report; other arms share the rest
KINDS = {"all": 0, "batchnorm": 1, "random": 2, "output": 3, "none": 7}


@dataclass(frozen=True)
class Look:
    """How an arm looks: its sentinel colour, its CSS variable, its marker and legend path."""

    colour: str
    variable: str
    marker: str
    path: str


def looks(rules: Mapping[str, str]) -> dict[str, Look]:
    """One look for each arm, from its subset rule, so that reports can lie side by side.

    The first arm of a rule in KINDS has that kind's look. The others take, in the study's order,
    the looks of no kind, then those of kinds that the study has not; 29 arms before one repeats.
    """
    hues: dict[str, int] = {}
    for arm, rule in rules.items():
        if rule in KINDS and KINDS[rule] not in hues.values():
            hues[arm] = KINDS[rule]
    left = [hue for hue in range(HUES) if hue not in hues.values()]
    left.sort(key=lambda hue: (hue in KINDS.values(), hue))
    others = [arm for arm in rules if arm not in hues]
    further = {arm: _look(left[i % len(left)], i // len(left)) for i, arm in enumerate(others)}
    return {arm: _look(hues[arm]) if arm in hues else further[arm] for arm in rules}


def _look(hue: int, again: int = 0) -> Look:
    marker, path = MARKS[(hue + again) % len(MARKS)]
    return Look(sentinel(hue), f"--arm-{hue}", marker, path)


def sentinel(hue: int) -> str:
    return f"#05050{hue}"


def variables() -> dict[str, str]:
    """Every sentinel colour and the CSS variable that takes its place."""
    return SENTINELS | {sentinel(hue): f"--arm-{hue}" for hue in range(HUES)}
