"""The monotone fit against SciPy's, crossings against what was put in."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from hpstudy.analysis.monotone import bootstrap, crossing, isotonic

VALUES = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_the_fit_is_scipys_isotonic_regression(values: list[float]) -> None:
    expected = isotonic_regression(np.array(values)).x
    np.testing.assert_allclose(isotonic(np.array(values)), expected, atol=1e-12)


@pytest.mark.parametrize(
    ("fitted", "expected"),
    [
        ([-1.0, 1.0, 3.0], 0.5),
        ([-3.0, -1.0, 1.0], 1.5),
        ([-1.0, 0.0, 3.0], 1.0),
        ([-1.0, 0.0, 0.0, 3.0], 1.5),
        ([0.0, 2.0, 3.0], 0.0),
        ([-2.0, -1.0, 0.0], 2.0),
        ([0.1, 0.2, 0.3], -math.inf),
        ([-3.0, -2.0, -0.1], math.inf),
    ],
)
def test_crossings(fitted: list[float], expected: float) -> None:
    places = np.arange(len(fitted), dtype=float)
    assert crossing(places, np.array(fitted)) == pytest.approx(expected)


def test_the_interval_narrows_with_the_noise_and_holds_the_truth() -> None:
    places, truth = np.log([1.0, 2.0, 4.0, 8.0]), math.log(3.0)
    noise = np.random.default_rng(0).normal(0, 1, (12, 4))
    widths = []
    for scale in (0.05, 0.3):
        low, high = bootstrap(places, places - truth + scale * noise)
        assert low < truth < high
        widths.append(high - low)
    assert widths[0] < widths[1] / 3


def test_an_interval_has_an_open_end_where_seeds_never_cross() -> None:
    places = np.array([0.0, 1.0, 2.0])
    rising = places - 1.9 + np.random.default_rng(1).normal(0, 0.5, (6, 1))
    low, high = bootstrap(places, rising)
    assert 0 < low < 2 and high == math.inf
    assert bootstrap(places, rising + 9) == (-math.inf, -math.inf)
