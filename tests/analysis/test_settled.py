"""Moving statistics that a short training leaves near where they began."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy.analysis.contrast import contrasts
from hpstudy.analysis.record import read
from hpstudy.analysis.verdict import verdict
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

NAME = "unsettled statistics"


def told(
    folder: Path, moving: dict[str, list[tuple[float, int]]]
) -> tuple[list[str], tuple[str, ...]]:
    """The flag's words in the contrast of bn_only with full, and all that the verdict doubts."""
    arms = ("full", "bn_only")
    pair = {"depths": (3,), "arms": arms, "contrasts": (("bn_only", "full"),), "moving": moving}
    store = synthetic.write(folder, Options(**pair))  # type: ignore[arg-type]
    record = read(store)
    assert record is not None
    (one,) = contrasts(record, store)
    words = [flag.words for flag in one.flags if flag.name == NAME]
    return words, verdict(record, one).doubts


def test_what_is_left_of_the_initial_values_is_in_doubt(tmp_path: Path) -> None:
    words, doubts = told(tmp_path, {"bn_only": [(0.99, 96)], "full": [(0.9, 96)]})
    assert words == [
        "bn_only's moving statistics have not settled: 38% of their initial values are left after "
        "96 steps at momentum 0.99"
    ]
    assert words[0] in doubts


@pytest.mark.parametrize(("steps", "share"), [(458, "1.0%"), (459, None)])
def test_one_percent_is_settled(tmp_path: Path, steps: int, share: str | None) -> None:
    # 0.99**458 = 0.01002, 0.99**459 = 0.00992
    words, _ = told(tmp_path, {"bn_only": [(0.99, steps)]})
    assert [f": {share} of" in one for one in words] == ([] if share is None else [True])


def test_runs_of_several_lengths_are_told_by_the_worst(tmp_path: Path) -> None:
    words, _ = told(tmp_path, {"bn_only": [(0.99, 2000), (0.999, 1500)], "full": [(0.99, 0)]})
    assert ": up to 22% of their initial values are left after 1,500 steps" in words[0]
    assert ": 100% of" in words[1]


def test_arms_of_one_length_are_told_together(tmp_path: Path) -> None:
    words, _ = told(tmp_path, {"bn_only": [(0.99, 96)], "full": [(0.99, 96)]})
    assert words == [
        "bn_only's and full's moving statistics have not settled: 38% of their initial values are "
        "left after 96 steps at momentum 0.99"
    ]


def test_runs_that_recorded_nothing_are_not_judged(tmp_path: Path) -> None:
    assert told(tmp_path, {})[0] == []
