"""The Pareto front of any points, held to its definition."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.search.front import front, members

POINTS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(*[st.integers(0, 6)] * width), max_size=30)
)


def beats(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return one != other and all(a <= b for a, b in zip(one, other, strict=True))


@settings(max_examples=60, deadline=None)
@given(points=POINTS)
def test_nothing_beats_a_member_and_a_member_beats_all_else(
    points: list[tuple[int, ...]],
) -> None:
    kept = front(points)
    assert list(kept) == sorted(set(kept))
    for place, point in enumerate(points):
        if place in kept:
            assert not any(beats(other, point) for other in points)
        else:
            assert any(beats(points[other], point) for other in kept)


def test_known_points() -> None:
    #        dominated by the next; equal to the last; both ends
    points = [(2, 5), (2, 4), (3, 3), (1, 9), (4, 3), (9, 1), (3, 3)]
    assert front(points) == (1, 2, 3, 5, 6)
    assert front([]) == ()


def test_runs_are_kept_in_their_order_by_score_and_costs() -> None:
    def run(score: float, trained: int) -> dict[str, object]:
        return {"score": score, "counts": {"trained": trained, "total": 1000}}

    runs = {7: run(0.9, 50), 3: run(0.8, 50), 5: run(0.7, 10), 1: run(0.9, 60)}
    assert members(runs, ["trained"], maximise=True) == [7, 5]
    assert members(runs, ["trained"], maximise=False) == [5]
    # all alike in total, so the score alone decides
    assert members(runs, ["parameters"], maximise=True) == [7, 1]
