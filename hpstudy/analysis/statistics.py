"""Paired statistics: the t interval, and the sign-flip test beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ENUMERATED = 16
SAMPLES = 2**16


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence limits; the limits are None with fewer than two values."""

    mean: float
    low: float | None
    high: float | None

    @property
    def half_width(self) -> float | None:
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def covers_zero(self) -> bool:
        """Whether zero lies inside; an interval that does not exist excludes nothing."""
        return self.low is None or self.high is None or self.low <= 0 <= self.high


@dataclass(frozen=True)
class SignFlip:
    """A two-sided p value, the smallest one that this many pairs can give, and how it was had."""

    p: float
    smallest: float
    method: Literal["exact", "sampled"]


def t_interval(values: Floats, level: float = 0.95) -> Interval:
    """Student's t interval of the mean; on paired differences it is the paired t interval."""
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    n = len(values)
    if n < 2:
        return Interval(mean, None, None)
    quantile = float(stdtrit(n - 1, (1 + level) / 2))
    reach = quantile * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - reach, mean + reach)


def sign_flip(differences: Floats) -> SignFlip:
    """The sign-flip test of paired differences against zero, on the absolute mean.

    Up to 16 pairs all 2**n sign patterns are counted; beyond that 65,536 patterns are drawn from a
    fixed seed, and the observed one is counted among them (Phipson and Smyth 2010).
    """
    n = len(differences)
    observed = abs(float(np.sum(differences)))
    slack = 1e-12 * float(np.sum(np.abs(differences)))
    if n <= ENUMERATED:
        sums = np.zeros(1)
        for difference in differences:
            sums = np.concatenate([sums + difference, sums - difference])
        p = float(np.mean(np.abs(sums) >= observed - slack))
        return SignFlip(p, min(1.0, 2.0 / 2**n), "exact")
    signs = np.random.Generator(np.random.Philox(0)).integers(0, 2, (SAMPLES, n)) * 2 - 1
    extreme = int(np.sum(np.abs(signs @ differences) >= observed - slack))
    return SignFlip((extreme + 1) / (SAMPLES + 1), 1 / (SAMPLES + 1), "sampled")
