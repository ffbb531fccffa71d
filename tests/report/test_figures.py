"""SVG that is small, deterministic and free of colours of its own."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from hpstudy.report.figures.axes import compact, limits
from hpstudy.report.figures.contrast import cut, spread
from hpstudy.report.figures.labels import Box, beside
from hpstudy.report.figures.palette import INK, KINDS, looks, variables
from hpstudy.report.figures.size import Mark, apart
from hpstudy.report.figures.svg import draw
from hpstudy.report.page import TEMPLATES


def plot(figure: Figure) -> None:
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.7))
    look = looks({"a": "all", "b": "batchnorm"})["b"]
    axes.plot([1, 2, 3], [1, 4, 9], look.marker, color=look.colour)
    axes.set_title("<b>$x$ & y</b>", color=INK)


def test_the_same_figure_gives_the_same_bytes() -> None:
    assert draw("one", plot, "alt", 340, 240) == draw("one", plot, "alt", 340, 240)


def test_two_figures_share_no_id() -> None:
    ids = [
        set(re.findall(r' id="([^"]+)"', draw(name, plot, "alt", 340, 240)))
        for name in ("one", "two")
    ]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_colours_are_css_variables_and_text_is_text() -> None:
    svg = draw("one", plot, 'a "quoted" <alt>', 340, 240)
    assert "var(--arm-1)" in svg
    assert "var(--ink)" in svg
    assert not any(sentinel in svg for sentinel in variables())
    assert "&lt;b&gt;$x$ &amp; y&lt;/b&gt;" in svg
    assert "var(--sans)" in svg
    assert 'aria-label="a &#34;quoted&#34; &lt;alt&gt;"' in svg


def test_nothing_in_a_figure_points_anywhere_or_carries_a_date() -> None:
    svg = draw("one", plot, "alt", 340, 240)
    assert "http" not in svg
    assert "<metadata" not in svg
    assert "<style" not in svg


def test_a_kind_of_arm_looks_alike_in_every_study_and_no_two_arms_do() -> None:
    one = looks({"full": "all", "bn": "batchnorm", "mine": "gamma+output", "two": "random"})
    two = looks({"both": "batchnorm+output", "two": "random", "only": "batchnorm", "whole": "all"})
    for left, right in (("full", "whole"), ("bn", "only"), ("two", "two"), ("mine", "both")):
        assert one[left] == two[right]
    again = looks({"before": "all", "after": "all"})
    assert again["before"] == one["full"] != again["after"]
    many = looks({f"arm{i}": rule for i, rule in enumerate([*KINDS, *("beta",) * 24])})
    assert len({(look.colour, look.marker) for look in many.values()}) == 29
    assert len({look.colour for look in list(many.values())[:8]}) == 8


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
    assert [cut(name, 12) for name in ("bn_only", "twelve_chars", "a_rather_long_name")] == [
        *("bn_only", "twelve_chars", "a_rather_lo\u2026")
    ]


def test_marks_of_one_count_stand_side_by_side() -> None:
    marks = [Mark(arm, arm, x, 0.5, 0.4, 0.6) for arm, x in (("a", 10), ("b", 10), ("c", 1000))]
    found = apart(marks, (10.0, 1000.0), 400)
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


# Machado, Oliveira and Fernandes (2009), full strength, on linear RGB
BLINDNESS = {
    "none": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


def oklab(colour: str, blindness: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> Any:
    """Ottosson's (2020) perceptual coordinates of a colour as somebody sees it."""
    shares = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    seen = np.clip(blindness @ linear, 0, 1)
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    axes = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return axes @ np.cbrt(cones @ seen)


@pytest.mark.parametrize("blindness", BLINDNESS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_kinds_of_arms_are_told_apart_by_whoever_looks(scheme: str, blindness: str) -> None:
    style = (TEMPLATES / "style.css").read_text().partition("prefers-color-scheme: dark")
    found = re.findall(r"--arm-(\d): (#\w{6})", style[0 if scheme == "light" else 2])
    hues = {int(hue): oklab(colour, BLINDNESS[blindness]) for hue, colour in found}
    assert sorted(hues) == list(range(8))
    paper = oklab("#ffffff" if scheme == "light" else "#15171a", BLINDNESS[blindness])
    for one, two in combinations(hues, 2):
        assert np.linalg.norm(hues[one] - hues[two]) > 0.1, (one, two)
    assert all(np.linalg.norm(hue - paper) > 0.25 for hue in hues.values())
