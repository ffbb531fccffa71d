"""Names that people bring from elsewhere, and names in the wrong section."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy import spec
from hpstudy.spec.elsewhere import ELSEWHERE
from hpstudy.study import REGISTRIES

STUDY = """\
data: {name: digits}
model: {type: mlp, depth: {int: [1, 2]}}
training: {length: {epochs: 20}, learning_rate: {float: [0.01, 1]}}
arms: {full: {train: all}}
"""


@pytest.mark.parametrize("here", sorted(set(ELSEWHERE.values())))
def test_what_is_to_be_written_instead_is_right(here: str, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(f"{STUDY}variants: {{a: {{{here}}}}}\n")
    assert spec.load(path, REGISTRIES, variant="a").cells


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("length: {epochs: 10}", "epochs: 3", "in training: `epochs`; write `training: {length: {"),
        (
            "length: {",
            "lr: 0.1\n  length: {",
            "`lr`; write `training: {learning_rate: 0.1}`; a",
        ),
        (
            "arms:",
            "n_trials: 20\narms:",
            "key: `n_trials`; write `search: {trials: 16}`; all",
        ),
        ("arms:", "optimizer: adam\narms:", "key: `optimizer`; write `training: {optimizer: sgd}`"),
        (
            "train: all",
            "train: all, batch_size: 9",
            "in arm full: `batch_size`; write `train",
        ),
        (
            "depth: 2",
            "dropout-rate: 0.1",
            "in model: `dropout-rate`; write `model: {dropout: 0.1",
        ),
        (
            "arms:",
            "search: {objective: loss}\narms:",
            "`objective`; did you mean `objectives`, or `score: {metric: accuracy}`? allowed: tri",
        ),
        # the table gives way to a slip of the pen
        ("length: {", "schedule: {steps: [0.5]}\n  length: {", "`steps`; did you mean `step`, or "),
        ("length: {", "optimiser: adam\n  length: {", "`optimiser`; did you mean `optimizer`? all"),
        # nor does it speak of what is no key
        (
            "depth: 2",
            "depth: {int: [1, 4], steps: 3}",
            "`steps`; did you mean `step`? allowed: i",
        ),
    ],
)
def test_the_message_says_it(problems, study, old: str, new: str, told: str) -> None:
    assert any(told in line for line in problems(study, (old, new))), problems(study, (old, new))
