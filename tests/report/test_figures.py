"""SVG that is small, deterministic and free of colours of its own."""

from __future__ import annotations

import re

import pytest
from matplotlib.figure import Figure

from hpstudy.report.figures.axes import compact, limits
from hpstudy.report.figures.contrast import cut, spread
from hpstudy.report.figures.labels import Box, beside
from hpstudy.report.figures.palette import INK, looks, variables
from hpstudy.report.figures.size import Mark, apart
from hpstudy.report.figures.svg import draw


def plot(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    look = looks(["a", "b"])["b"]
    axes.plot([1, 2, 3], [1, 4, 9], look.marker, color=look.colour)
    axes.set_title("<b>$x$ & y</b>", color=INK)


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert draw("one", plot, "alt") == draw("one", plot, "alt")


def test_two_figures_share_no_id() -> None:
    ids = [set(re.findall(r' id="([^"]+)"', draw(name, plot, "alt"))) for name in ("one", "two")]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_colours_are_css_variables_and_text_is_text() -> None:
    svg = draw("one", plot, 'a "quoted" <alt>')
    assert "var(--arm-1)" in svg
    assert "var(--ink)" in svg
    assert not any(sentinel in svg for sentinel in variables())
    assert "&lt;b&gt;$x$ &amp; y&lt;/b&gt;" in svg
    assert "var(--sans)" in svg
    assert 'aria-label="a &#34;quoted&#34; &lt;alt&gt;"' in svg


def test_nothing_in_a_figure_points_anywhere_or_carries_a_date() -> None:
    svg = draw("one", plot, "alt")
    assert "http" not in svg
    assert "<metadata" not in svg
    assert "<style" not in svg


def test_arms_keep_their_look_and_no_two_of_the_first_share_one() -> None:
    arms = [f"arm{i}" for i in range(20)]
    found = looks(arms)
    assert looks(arms[:3])["arm2"] == found["arm2"]
    assert len({(look.colour, look.marker) for look in found.values()}) == 20


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.001, "0.001"), (0.3, "0.3"), (10, "10"), (3000, "3k"), (101898, "101.898k"), (2e6, "2M")],
)
def test_log_ticks_have_no_exponents(value: float, text: str) -> None:
    assert compact(value) == text


def test_limits_hold_their_values_and_survive_none() -> None:
    low, high = limits([1.0, float("nan"), 3.0])
    assert low < 1 < 3 < high
    assert limits([]) == (0.0, 1.0)
    low, high = limits([0.5, 0.5])
    assert low < 0.5 < high


def test_a_long_name_is_cut_where_two_stand_beside_each_other() -> None:
    assert [cut(name) for name in ("bn_only", "twelve_chars", "a_rather_long_name")] == [
        *("bn_only", "twelve_chars", "a_rather_lo\u2026")
    ]


def test_marks_of_one_count_stand_side_by_side() -> None:
    marks = [Mark(arm, arm, x, 0.5, 0.4, 0.6) for arm, x in (("a", 10), ("b", 10), ("c", 1000))]
    found = apart(marks, (10.0, 1000.0))
    assert found[2].x == 1000
    assert found[0].x < 10 < found[1].x
    assert found[0].x * found[1].x == pytest.approx(100)


FRAME = Box(0.0, 0.0, 200.0, 100.0)


def test_words_beside_marks_hide_nothing() -> None:
    marks = [(50.0, 50.0), (53.0, 52.0), (50.0, 30.0), (190.0, 50.0)]
    words = ["1, 64", "1, 128", "3", "14, 784"]
    found = beside(marks, words, FRAME, 8.5)
    boxes = []
    for (x, y), word, offset in zip(marks, words, found, strict=True):
        assert offset is not None
        left, middle = x + offset[0], y + offset[1]
        boxes.append(Box(left, middle - 4, left + 5 * len(word), middle + 4))
    for number, box in enumerate(boxes):
        assert box.inside(FRAME)
        assert not any(box.meets(other) for other in boxes[:number])
        assert not any(box.left < x < box.right and box.low < y < box.high for x, y in marks)


def test_where_marks_crowd_words_are_left_out() -> None:
    marks = [(100.0 + step, 50.0) for step in range(12)]
    found = beside(marks, ["14, 784"] * 12, FRAME, 8.5)
    assert 0 < sum(offset is not None for offset in found) < 12


def test_close_dots_step_aside() -> None:
    assert spread([0.0, 5.0, 0.1, 0.2], close=0.5) == [0, 0, 1, -1]
