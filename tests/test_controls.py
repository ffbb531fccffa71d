"""Arms of random weights, contrasted with arms that train as many entries or another number."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy import cli, controls, data, study

STUDY = """\
# Is it what trains, or how much?
name: unequal
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: 2, width: 8}
training: {length: {epochs: 1}, learning_rate: 0.1}
arms:
  full: {train: all}
  random: {train: random, match: batchnorm}
  bn_out: {train: batchnorm+output}
  bn_only: {train: batchnorm}
contrasts: [[bn_out, random]]
"""
BATCHNORM, OUTPUT = 2 * 2 * 8, 8 * 10 + 10


def doubts(folder: Path, *edits: str) -> tuple[str, ...]:
    path = folder / "unequal.yaml"
    path.write_text(STUDY)
    one = study.read(path, edits=edits)
    return controls.doubts(one, data.sizes(one.data))


def test_another_number_of_entries_is_told_with_what_to_write(tmp_path: Path) -> None:
    (told,) = doubts(tmp_path)
    assert told == (
        f"{tmp_path}/unequal.yaml:8:34: random trains {BATCHNORM} entries, as match: batchnorm "
        f"says, and bn_out, which it is contrasted with, {BATCHNORM + OUTPUT}, so their difference "
        "shows the numbers too; write {train: random+output, match: batchnorm} to train as many"
    )
    assert not doubts(tmp_path, "arms.random.train=random+output")
    # the other way round, at every point of a sweep once
    edits = ("contrasts=[[random, bn_only]]", "arms.random.train=random+output")
    (told,) = doubts(tmp_path, *edits, "model.depth={sweep: [1, 2]}")
    assert told.endswith("write {train: random, match: batchnorm} to train as many")
    # no control with match trains as many as the output layer
    (told,) = doubts(tmp_path, "arms.bn_out.train=output")
    assert told.endswith("shows the numbers too")


@pytest.mark.parametrize(
    "edit",
    [
        "contrasts=[[bn_only, random], [random, full]]",
        "arms.bn_out.train=none",
        "arms.bn_out.model={width: 16}",
        "arms.random={train: random, per_unit: 2}",
    ],
)
def test_a_contrast_that_asks_for_no_equal_numbers_is_no_doubt(edit: str, tmp_path: Path) -> None:
    assert not doubts(tmp_path, edit)


def test_the_check_of_a_study_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (told,) = doubts(tmp_path)
    assert cli.main(["validate", str(tmp_path / "unequal.yaml")]) == 0
    assert f"doubtful: {told}\n" in capsys.readouterr().err


def test_a_run_tells_it_before_it_starts(tmp_path: Path) -> None:
    class Stop(study.Silent):
        def doubted(self, words: str) -> None:
            raise KeyboardInterrupt(words)

    (told,) = doubts(tmp_path)
    one = study.read(tmp_path / "unequal.yaml")
    with pytest.raises(KeyboardInterrupt) as caught:
        study.run(one, tmp_path / "reports", workers=1, progress=Stop())
    assert caught.value.args == (told,)
    assert not (tmp_path / "reports").exists()
