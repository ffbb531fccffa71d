"""The smallest difference that a study's confirm phase could show, from its size alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hpstudy.analysis.statistics import smallest_p

# Assumed, since nothing has run: the standard deviation over seeds of the paired difference, and
# the share of test examples on which two arms disagree.
SEED_SD = 0.005
DISAGREEMENT = 0.05


@dataclass(frozen=True)
class Power:
    """Half-widths of 95% intervals, and the smallest p of the sign-flip test.

    `seeds` is in standard deviations of the paired difference over seeds, None for one seed;
    `examples` is a share of the test examples.
    """

    confirm_seeds: int
    test: int
    seeds: float | None
    examples: float
    smallest_p: float


def power(confirm_seeds: int, test: int) -> Power:
    """What `confirm_seeds` paired seeds and `test` examples can tell apart."""
    from scipy.special import stdtrit

    n = confirm_seeds
    seeds = float(stdtrit(n - 1, 0.975)) / math.sqrt(n) if n > 1 else None
    examples = 1.96 * math.sqrt(DISAGREEMENT / test)
    return Power(n, test, seeds, examples, smallest_p(n))
