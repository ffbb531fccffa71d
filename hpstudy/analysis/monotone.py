"""Where a rising curve crosses zero: least-squares monotone fits, and a bootstrap over seeds."""

from __future__ import annotations

import numpy as np

from hpstudy.analysis.statistics import Floats

RESAMPLES = 2000
LEVEL = 0.95


def isotonic(values: Floats) -> Floats:
    """The nearest rows (..., n) that never fall, in least squares.

    By the max-min formula: entry i is the largest, over starts j <= i, of the smallest mean of a
    stretch from j to some end >= i (Robertson, Wright and Dykstra 1988).
    """
    count = values.shape[-1]
    sums = np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)
    fitted = np.full(values.shape, -np.inf)
    for entry in range(count):
        for start in range(entry + 1):
            lengths = np.arange(entry + 1 - start, count + 1 - start)
            means = (sums[..., entry + 1 :] - sums[..., start : start + 1]) / lengths
            fitted[..., entry] = np.maximum(fitted[..., entry], means.min(axis=-1))
    return fitted


def crossing(places: Floats, fitted: Floats) -> float:
    """Where a rising curve through (places, fitted) crosses zero, in straight lines between them.

    The middle of a stretch at zero; -inf where the curve starts above zero, inf where it ends
    below.
    """
    if fitted[0] > 0:
        return -np.inf
    if fitted[-1] < 0:
        return np.inf
    low, high = int(np.argmax(fitted >= 0)), int(np.flatnonzero(fitted <= 0)[-1])
    if fitted[low] == 0:
        return float(places[low] + places[high]) / 2
    share = -fitted[high] / (fitted[low] - fitted[high])
    return float(places[high] + share * (places[low] - places[high]))


def bootstrap(places: Floats, differences: Floats) -> tuple[float, float]:
    """The 95% percentile interval of the crossing of mean `differences` (seeds, places).

    Whole seeds are drawn again, 2,000 times from a fixed seed; an end that lies beyond the places
    is infinite. It is too narrow with few seeds: in a simulation it held the crossing of the true
    means in 84, 90 and 93% of studies with 5, 10 and 20 seeds.
    """
    seeds = len(differences)
    drawn = np.random.Generator(np.random.Philox(0)).integers(0, seeds, (RESAMPLES, seeds))
    fitted = isotonic(differences[drawn].mean(axis=1))
    found = np.array([crossing(places, row) for row in fitted])
    ends = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
    # a quantile between a number and infinity would be neither
    low, high = np.quantile(found, ends, method="inverted_cdf")
    return float(low), float(high)
