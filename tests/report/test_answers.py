"""The answers at a glance: where axes exist in part, and what keeps one from being shown."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hpstudy import study
from hpstudy.report import write
from hpstudy.spec.study import Spec
from tests.analysis import synthetic
from tests.analysis.synthetic import AT_ODDS

OVER_ZERO = (0.01, -0.01, 0.02, -0.02, 0.03, -0.03)

FILE = """\
# Does momentum matter?
name: answers
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: 8}
training:
  length: {epochs: 1}
  learning_rate: 0.1
  batch_size: 64
  optimizer: {sweep: [sgd, adam]}
  momentum: {sweep: [0.800001, 0.800002]}
score: {metric: accuracy, at: last}
arms: {full: {train: all}, bn_only: {train: batchnorm}}
contrasts: [[bn_only, full]]
search: none
confirm: {seeds: 1}
"""


def test_every_point_has_its_answer(load: Callable[..., Spec], cache: Path, tmp_path: Path) -> None:
    study.run(load(), tmp_path / "study", workers=1, cache=cache)
    html = write(tmp_path / "study").read_text()
    table = html[html.index('class="scroll answers"') :].partition("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr")[1:]]
    words = [[re.sub("<.*?>", "", cell) for cell in row] for row in rows]
    # columns of momentum: its two values, which read alike, and none for adam
    assert words[1] == ["contrast", "optimizer", "0.8", "0.8", "\u2013"]
    assert [[cell != "\u2013" for cell in row[1:]] for row in words[2:]] == [
        [True, True, True, False],
        [True, False, False, True],
    ]
    # one seed has no interval, so nothing is known to be no difference
    assert "unshown" not in table


@pytest.mark.parametrize(
    ("gaps", "why"),
    [
        ([OVER_ZERO, OVER_ZERO], "the interval covers zero"),
        ([AT_ODDS, AT_ODDS], "the sign-flip p is 0.05 or more"),
        (
            [AT_ODDS, OVER_ZERO],
            "the interval covers zero or the sign-flip p is 0.05 or more",
        ),
    ],
)
def test_what_keeps_a_difference_from_being_shown_is_told(
    gaps: list[tuple[float, ...]], why: str, tmp_path: Path
) -> None:
    store = synthetic.paired(tmp_path, dict(zip((1, 3), gaps, strict=True)))
    html = write(store.folder).read_text().replace("\xa0", " ")
    (reading,) = re.findall(r'<p class="reading">(.*?)</p>', html)
    assert f"; grey: no difference shown, as {why}; \u2020" in reading
