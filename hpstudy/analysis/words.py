"""Numbers as a reader wants them: percent and points, thousands, p values, settings."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from statistics import fmean, stdev
from typing import Any

from hpstudy.spec.study import short

PERCENT = ("accuracy",)
ABBREVIATED = ("r2", "mse", "mae")


@dataclass(frozen=True)
class Measure:
    """How the study's metric is written: a share as percent, anything else as it is."""

    metric: str
    maximise: bool

    @property
    def percent(self) -> bool:
        return self.metric in PERCENT

    @property
    def name(self) -> str:
        """The metric as a reader writes it: 'accuracy', 'R2', 'MSE'."""
        return self.metric.upper() if self.metric in ABBREVIATED else self.metric.replace("_", " ")

    @property
    def factor(self) -> float:
        return 100.0 if self.percent else 1.0

    def label(self, split: str) -> str:
        """'test accuracy', for a sentence or an axis."""
        return f"{split} {self.name}"

    def axis(self, split: str) -> str:
        return f"{self.label(split)} (%)" if self.percent else self.label(split)

    def decimals(self, uncertainty: float | None) -> int:
        """As many decimals as the half-width of the interval warrants."""
        if self.percent:
            if uncertainty is None or 100 * uncertainty >= 0.095:
                return 1
            # 0.0095 is written as 0.01
            finest = 2 if uncertainty <= 0 else -math.floor(math.log10(100 * uncertainty / 0.95))
            return min(4, max(2, finest))
        if uncertainty is None or uncertainty <= 0 or not math.isfinite(uncertainty):
            return 4
        return min(6, max(0, 1 - math.floor(math.log10(uncertainty))))

    def value(self, value: float | None, decimals: int | None = None) -> str:
        """A score in words; by default one decimal of a percentage, three of anything else."""
        if value is None or not math.isfinite(value):
            return "none"
        if decimals is None:
            decimals = 1 if self.percent else 3
        # adding zero turns a rounded -0.0 into 0.0
        shown = round(value * self.factor, decimals) + 0.0
        return f"{shown:.{decimals}f}" + ("%" if self.percent else "")

    def difference(self, value: float, decimals: int = 1) -> str:
        """'-2.3 points', or a plain signed number; a difference that rounds to zero has no sign."""
        return self.bare_difference(value, decimals) + (" points" if self.percent else "")

    def bare_difference(self, value: float, decimals: int = 1, sign: str = "+") -> str:
        text = f"{value * self.factor:{sign}.{decimals}f}"
        return text.lstrip("+-") if float(text) == 0 else text


def tied(text: str) -> str:
    """The text with no-break spaces within '-2.3 points', 'n = 10' and 'sign-flip p = 0.002'."""
    within = r"(?<=\d) (?=points)|(?<=-flip) (?=p\b)|(?<=\b[np]) (?==)|(?<=\b[np] =) (?=\d)"
    return re.sub(within, "\u00a0", text)


def mean(measure: Measure, scores: Sequence[float], decimals: int | None = None) -> str:
    """'96.14 \u00b1 0.21%', with the standard deviation; the one score there is, or ''.

    By default with one decimal more than the spread warrants, as means that are compared have.
    """
    if not scores:
        return ""
    spread = stdev(scores) if len(scores) > 1 else None
    if decimals is None:
        decimals = measure.decimals(spread) + 1
    said = measure.value(fmean(scores), decimals)
    if spread is None:
        return said
    return f"{said.removesuffix('%')} \u00b1 {measure.value(spread, decimals)}"


def count(number: int, what: str) -> str:
    """'1 trial', '1,200 trials'."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def thousands(count: int | None) -> str:
    return "" if count is None else f"{count:,}"


def p_value(p: float) -> str:
    """Two significant digits, or four decimals that are exact; never in scientific notation."""
    digits = max(0, 1 - math.floor(math.log10(p))) if p > 0 else 2
    digits = 4 if digits < 4 and p == round(p, 4) else digits
    text = f"{p:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(value: Any) -> str:
    """A setting's value: 4 significant digits for fractions, words for the rest."""
    if isinstance(value, bool) or value is None:
        return "none" if value is None else str(value).lower()
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e6:
            return str(int(value))
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(number(item) for item in value)
    return str(value)


def source(name: str, options: Mapping[str, Any] | None) -> str:
    """What a study's data are called: their name, or that of one's own file."""
    path = (options or {}).get("path")
    return name if path is None else PurePath(str(path)).name


def point(values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """'depth 3, width 64' for a sweep point; '' where nothing is swept."""
    named = ((spoken(names.get(key, short(key))), values[key]) for key in sorted(values))
    return ", ".join(f"{name} {number(value)}" for name, value in named)


def spoken(name: str) -> str:
    """'learning rate': a setting's name as a reader says it; 'units_0' stays as it is."""
    if name == "per_unit":
        return "weights per unit"
    return name if name[-1:].isdigit() else name.replace("_", " ")


def setting(key: str) -> str:
    """'learning rate' of 'training.learning_rate'."""
    return spoken(short(key))


def lost(diverged: int, failed: int) -> str:
    """' (1 run diverged, 2 runs failed)': runs without a score, by how they ended; '' if none."""
    ends = {"diverged": diverged, "failed": failed}
    told = ", ".join(f"{count(number, 'run')} {end}" for end, number in ends.items() if number)
    return f" ({told})" if told else ""
