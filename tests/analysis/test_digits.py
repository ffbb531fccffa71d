"""What is read subtracts: the means beside a difference, in every place that tells them."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hpstudy import report, terminal
from hpstudy.analysis import claims
from hpstudy.analysis.contrast import Contrast, contrasts
from hpstudy.analysis.digits import digits, of_difference
from hpstudy.analysis.record import read
from hpstudy.analysis.statistics import t_interval
from hpstudy.analysis.words import Measure
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

SMALL = Options(depths=(1, 3), trials=4, confirm=6, epochs=4, arrays=False)
SCORES = st.integers(0, 999_983).map(lambda whole: whole / 999_983)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.write(tmp_path_factory.mktemp("digits"), SMALL).folder


@pytest.fixture(scope="module")
def one(folder: Path) -> Contrast:
    store = claims(folder).store
    record = read(store)
    assert record is not None
    return contrasts(record, store)[0]


def rounds(a: str, b: str, difference: str) -> bool:
    """Whether a reader who subtracts and rounds gets the difference that is told."""
    told = Decimal(difference)
    half = Decimal(5).scaleb(int(told.as_tuple().exponent) - 1)
    return abs(Decimal(a) - Decimal(b) - told) <= half


# 68.92 and 49.28 beside 19.7: one decimal more does not do
@example(pairs=[(0.69925, 0.49275), (0.67925, 0.49275)], metric="accuracy")
@settings(max_examples=100, deadline=None)
@given(
    pairs=st.lists(st.tuples(SCORES, SCORES), min_size=2, max_size=6),
    metric=st.sampled_from(["accuracy", "r2"]),
)
def test_written_means_subtract_to_the_written_difference(
    one: Contrast, pairs: list[tuple[float, float]], metric: str
) -> None:
    a, b = (tuple(side) for side in zip(*pairs, strict=True))
    interval = t_interval(np.asarray(a) - np.asarray(b))
    drawn = replace(one, metric=metric, scores_a=a, scores_b=b, interval=interval)
    measure, places = Measure(metric, True), digits([drawn])
    means = [
        measure.value(fmean(side), places[cell.name]).removesuffix("%")
        for side, cell in ((a, drawn.a), (b, drawn.b))
    ]
    assert rounds(*means, measure.bare_difference(interval.mean, of_difference(drawn)))


def test_a_mean_is_the_same_in_verdicts_tables_and_on_the_terminal(folder: Path) -> None:
    said = claims(folder)
    lines = terminal.outcome(said)
    page = report.write(folder, said).read_text()
    arms = page[page.index('id="arms"') : page.index('id="ranking"')]
    for contrast, verdict in zip(said.contrasts, said.verdicts, strict=True):
        found = re.search(r"reaches ([\d.]+)% .* against \w+'s ([\d.]+)%: (\S+)", verdict.answer)
        assert found is not None
        a, b, difference = found.groups()
        if difference == "no":
            difference = verdict.evidence.removeprefix(" (").split()[0]
        assert rounds(a, b, difference)
        for cell, mean in ((contrast.a, a), (contrast.b, b)):
            assert any(line.startswith(cell.name) and f" {mean}% " in line for line in lines)
            assert re.search(rf">{mean} \S+ [\d.]+%<", arms)
            assert f'<td class="number">{mean}%</td>' in page
