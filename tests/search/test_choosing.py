"""Candidates of the choose phase that go on, and those that are stopped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.search.choosing import left

GOOD = [0.9, 0.92, 0.91, 0.93, 0.9, 0.92]
BAD = [0.8, 0.83, 0.8, 0.84, 0.82, 0.8]


def test_a_clearly_worse_candidate_goes_at_the_fourth_seed() -> None:
    for seeds in range(1, 7):
        kept = left({7: BAD[:seeds], 3: GOOD[:seeds]}, maximise=True)
        assert kept == ([7, 3] if seeds < 4 else [3])
        assert left({7: BAD[:seeds], 3: GOOD[:seeds]}, maximise=False) == (
            [7, 3] if seeds < 4 else [7]
        )


def test_a_candidate_about_as_good_stays() -> None:
    other = [0.91, 0.9, 0.92, 0.92, 0.91, 0.9]
    assert left({0: GOOD, 1: other, 2: BAD}, maximise=True) == [0, 1]


def test_a_lost_run_cannot_win_against_none_lost() -> None:
    assert left({0: [0.99, None], 1: [0.5, 0.4]}, maximise=True) == [1]
    assert left({0: [None], 1: [None]}, maximise=True) == [0, 1]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 1, width=16), min_size=5, max_size=5), min_size=1, max_size=4),
    st.booleans(),
)
def test_the_best_mean_always_stays(scores: list[list[float]], maximise: bool) -> None:
    means = [sum(of) / 5 for of in scores]
    best = means.index((max if maximise else min)(means))
    assert best in left(dict(enumerate(scores)), maximise)
