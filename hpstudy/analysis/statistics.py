"""Paired statistics: the t interval, and the sign-flip test beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import count
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVEL = 0.05  # of the tests, as the intervals' 95%
EQUAL = 2.0**-20  # of the largest score: scores may be sums in single precision
ENUMERATED = 16
SAMPLES = 2**16


@dataclass(frozen=True)
class Interval:
    """A mean and its confidence limits; the limits are None where the values show no spread."""

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


def t_interval(values: Floats, level: float = 0.95, scale: float | None = None) -> Interval:
    """Student's t interval of the mean; on paired differences it is the paired t interval.

    One value gives no limits, and neither do equal ones. Their interval would have no width, as if
    the mean were known exactly; but the normal values that it assumes are never equal, those of a
    metric that moves in steps are (accuracy on n examples: 1 / n), and nothing in them bounds how
    far further seeds would spread. The Wald interval of 0 in n successes has no width for the same
    reason (Brown, Cai and DasGupta 2001, Statistical Science 16, 101-133). Equal is what differs
    by rounding alone: by up to `EQUAL` of `scale`, that of the scores whose differences `values`
    are, by default their own.
    """
    from scipy.special import stdtrit

    mean = float(np.mean(values))
    n = len(values)
    largest = float(np.max(np.abs(values))) if scale is None else scale
    if n < 2 or float(np.ptp(values)) <= EQUAL * largest:
        return Interval(mean, None, None)
    quantile = float(stdtrit(n - 1, (1 + level) / 2))
    reach = quantile * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - reach, mean + reach)


def smallest_p(pairs: int) -> float:
    """The p of so many pairs that all have the same sign.

    Two of the 2**n patterns reach their mean, or of those that are drawn it alone.
    """
    return 2.0 ** (1 - pairs) if pairs <= ENUMERATED else 1 / (SAMPLES + 1)


def enough_seeds(level: float) -> int:
    """The fewest pairs of which the sign-flip test can reject at a level."""
    return next(n for n in count(1) if smallest_p(n) < level)


ENOUGH_SEEDS = enough_seeds(LEVEL)  # 6, as of 5 the smallest p is 2 / 2**5 = 0.0625


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
        return SignFlip(p, smallest_p(n), "exact")
    signs = np.random.Generator(np.random.Philox(0)).integers(0, 2, (SAMPLES, n)) * 2 - 1
    extreme = int(np.sum(np.abs(signs @ differences) >= observed - slack))
    return SignFlip((extreme + 1) / (SAMPLES + 1), smallest_p(n), "sampled")
