"""k* from studies whose answer was put into them."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hpstudy import report
from hpstudy.analysis import claims, load
from hpstudy.analysis.kstar import KStar, kstars, sentence
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

AMOUNTS = (1, 2, 4, 8, 16)


def study(folder: Path, **options: Any) -> Path:
    """A study whose random arm gains 0.02 of quality with each doubling of its weights."""
    given: dict[str, Any] = {
        "arms": ("bn_only", "random"),
        "contrasts": (("random", "bn_only"),),
        "depths": (2,),
        "extra_axis": {"random": AMOUNTS},
        "per_doubling": 0.02,
        "trials": 5,
        "epochs": 4,
        "confirm": 6,
        "fixed_rate": True,
        "arrays": False,
        **options,
    }
    return synthetic.write(folder, Options(**given)).folder


def found(folder: Path, **options: Any) -> KStar:
    (one,) = claims(study(folder, **options)).kstars
    return one


# both lose 0.02 for each squared decade between the fixed rate and their own best one
RATE, BEST, CEILING = 0.08, synthetic.BEST_RATE, synthetic.CEILING
LOST = {arm: 0.02 * math.log10(RATE / BEST[arm]) ** 2 for arm in ("bn_only", "random")}
BEHIND = CEILING["bn_only"] - LOST["bn_only"] - CEILING["random"] + LOST["random"]
TRUTH = 2 ** (BEHIND / 0.02)
# so much less, and 16 weights do not quite do
SHORT = BEHIND - 0.02 * math.log2(AMOUNTS[-1]) - 0.001


def test_k_star_is_where_the_arms_were_made_to_meet(tmp_path: Path) -> None:
    one = found(tmp_path, confirm=40)
    assert (one.arm, one.other, one.amounts, one.seeds) == ("random", "bn_only", AMOUNTS, 40)
    assert one.low is not None and one.high is not None
    assert one.low < TRUTH < one.high < 1.2 * one.low
    assert one.value == pytest.approx(TRUTH, rel=0.05)
    assert one.point == {"model.depth": 2}


def test_the_order_of_the_contrast_changes_nothing(tmp_path: Path) -> None:
    one = found(tmp_path / "one")
    other = found(tmp_path / "other", contrasts=(("bn_only", "random"),))
    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


def test_a_score_that_falls_gives_the_same(tmp_path: Path) -> None:
    rising = claims(study(tmp_path)).contrasts
    falling = [
        replace(
            one,
            maximise=False,
            scores_a=tuple(-score for score in one.scores_a),
            scores_b=tuple(-score for score in one.scores_b),
        )
        for one in rising
    ]
    (one,), (other,) = kstars(rising), kstars(falling)
    assert (one.value, one.low, one.high) == (other.value, other.low, other.high)


@pytest.mark.parametrize(
    ("offset", "value", "words", "said"),
    [
        (-0.3, math.inf, "above 16", "random does not reach bn_only in test accuracy by 16 ("),
        (0.3, 0.0, "below 1", "random is ahead of bn_only in test accuracy already at 1 ("),
    ],
)
def test_arms_that_never_meet_give_open_ends(
    offset: float, value: float, words: str, said: str, tmp_path: Path
) -> None:
    told = claims(study(tmp_path, offsets={"random": offset}))
    (one,) = told.kstars
    assert said in sentence(told.record, one)
    assert (one.value, one.low, one.high) == (value, value, value)
    assert one.words(one.value) == one.interval == words


def test_an_arm_that_just_falls_short_has_one_open_end(tmp_path: Path) -> None:
    one = found(tmp_path, offsets={"random": SHORT})
    assert one.low is not None and math.isfinite(one.low) and one.high == math.inf
    assert one.interval.endswith(" to above 16")


def test_one_seed_gives_no_interval(tmp_path: Path) -> None:
    one = found(tmp_path, confirm=1)
    assert (one.low, one.high, one.interval) == (None, None, "none from one seed")
    assert math.isfinite(one.value)


def test_seeds_that_agree_give_no_interval(tmp_path: Path) -> None:
    said = claims(study(tmp_path)).contrasts
    alike = [
        replace(one, scores_a=one.scores_a[:1] * one.n, scores_b=one.scores_b[:1] * one.n)
        for one in said
    ]
    (one,) = kstars(alike)
    assert (one.low, one.high, one.interval) == (None, None, "none, as all seeds agree")


def test_failed_seeds_leave_every_amount(tmp_path: Path) -> None:
    one = found(tmp_path, failed_confirm=[("random", 3)])
    assert one.differences.shape == (5, len(AMOUNTS))


def test_each_sweep_point_has_its_own(tmp_path: Path) -> None:
    said = claims(study(tmp_path, depths=(2, 4)))
    assert [one.point["model.depth"] for one in said.kstars] == [2, 4]
    assert sentence(said.record, said.kstars[1]).startswith("At depth 4, ")


def test_without_a_swept_amount_there_is_none(tmp_path: Path) -> None:
    folder = study(tmp_path, extra_axis={}, confirm=2)
    assert claims(folder).kstars == () and load(folder).kstar.empty
    report.write(folder)
    assert not (folder / "kstar.csv").exists()
    assert 'id="kstar"' not in (folder / "report.html").read_text()


def test_the_report_and_its_table_tell_it(tmp_path: Path) -> None:
    folder = study(tmp_path, offsets={"random": SHORT})
    report.write(folder)
    (one,) = claims(folder).kstars
    page = (folder / "report.html").read_text()
    assert "Tables behind this page: runs.csv, ranking.csv, contrast.csv, kstar.csv." in page
    assert 'id="kstar"' in page and f'<td class="number">{one.interval}</td>' in page
    (known,) = load(folder).kstar.itertuples()
    assert (known.arm, known.kstar, known.high) == ("random", one.value, math.inf)
    (row,) = csv.DictReader((folder / "kstar.csv").read_text().splitlines())
    assert float(row["kstar"]) == one.value and row["high"] == "inf"
    assert (row["amount"], row["smallest"], row["largest"]) == ("per_unit", "1.0", "16.0")


@pytest.mark.parametrize(("seeds", "few"), [(3, True), (6, False)])
def test_too_few_seeds_are_told(tmp_path: Path, seeds: int, few: bool) -> None:
    said = claims(study(tmp_path, confirm=seeds))
    told = sentence(said.record, said.kstars[0])
    assert (f"{seeds} paired seeds where at least 6 are needed" in told) == few
