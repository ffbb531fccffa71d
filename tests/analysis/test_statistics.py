"""Intervals and tests against scipy and against counting by hand."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hpstudy.analysis.statistics import (
    ENOUGH_SEEDS,
    LEVEL,
    enough_seeds,
    sign_flip,
    t_interval,
)

DIFFERENCES = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=2, max_size=8)


def test_the_interval_is_scipys_paired_t_interval() -> None:
    a = np.array([0.931, 0.928, 0.935, 0.930, 0.926, 0.933])
    b = np.array([0.954, 0.951, 0.952, 0.956, 0.950, 0.955])
    expected = stats.ttest_rel(a, b).confidence_interval(0.95)
    interval = t_interval(a - b)
    assert interval.low == pytest.approx(expected.low, rel=1e-10)
    assert interval.high == pytest.approx(expected.high, rel=1e-10)
    assert not interval.covers_zero


def test_one_pair_gives_no_interval() -> None:
    interval = t_interval(np.array([0.3]))
    assert (interval.mean, interval.low, interval.half_width) == (0.3, None, None)
    assert interval.covers_zero


@pytest.mark.parametrize("n", [2, 3, 10])
def test_equal_values_give_no_interval_however_they_were_rounded(n: int) -> None:
    right = np.arange(n) + 300
    differences = (right + 1) / 359 - right / 359
    assert np.ptp(differences) > 0 or n < 3
    interval = t_interval(differences, scale=0.9)
    assert (interval.low, interval.high) == (None, None) and interval.covers_zero
    differences[0] += 1 / 359
    assert t_interval(differences, scale=0.9).half_width


@settings(max_examples=30, deadline=None)
@given(DIFFERENCES)
def test_sign_flip_counts_every_pattern(values: list[float]) -> None:
    differences = np.array(values)
    observed = abs(differences.mean())
    flips = [abs((differences * signs).mean()) for signs in product((1, -1), repeat=len(values))]
    expected = np.mean([flip >= observed - 1e-12 * abs(differences).mean() for flip in flips])
    found = sign_flip(differences)
    assert found.p == expected
    assert found.method == "exact"


@pytest.mark.parametrize(("n", "smallest"), [(1, 1.0), (5, 0.0625), (10, 2 / 1024)])
def test_the_smallest_p_is_reached_when_all_signs_agree(n: int, smallest: float) -> None:
    found = sign_flip(np.linspace(1, 2, n))
    assert found.p == found.smallest == smallest


@pytest.mark.parametrize(
    ("level", "fewest"), [(LEVEL, ENOUGH_SEEDS), (0.01, 8), (0.0625, 6), (0.2, 4)]
)
def test_so_many_pairs_are_enough_to_reject_and_no_fewer(level: float, fewest: int) -> None:
    assert enough_seeds(level) == fewest
    assert sign_flip(np.ones(fewest)).p < level <= sign_flip(np.ones(fewest - 1)).p


def test_no_difference_at_all_has_p_one() -> None:
    assert sign_flip(np.zeros(6)).p == 1


def test_beyond_sixteen_pairs_patterns_are_drawn_and_said_to_be() -> None:
    generator = np.random.Generator(np.random.Philox(3))
    differences = generator.normal(0.4, 1, 24)
    found = sign_flip(differences)
    assert found.method == "sampled"
    assert found == sign_flip(differences)
    assert found.smallest == 1 / 65537
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=20000, rng=1
    )
    assert found.p == pytest.approx(expected.pvalue, abs=0.01)
