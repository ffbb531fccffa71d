"""The corners of a cell: its smallest and largest network, and what no network can satisfy."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy import data, extremes, spec
from hpstudy.errors import SpecError
from hpstudy.spec import Spec
from hpstudy.study import REGISTRIES
from hpstudy.subsets.rules import Count

STUDY = """\
# Which is best?
name: corners
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: {int: [1, 3]}, width: {int: [4, 16], log: true}}
training:
  length: {epochs: 3}
  batch_size: {choice: [32, 64]}
  optimizer: {choice: {sgd: {momentum: 0.5}, adam: {}}}
  learning_rate: {float: [0.01, 1], log: true}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
"""


def load(folder: Path, *edits: str) -> Spec:
    path = folder / "corners.yaml"
    path.write_text(STUDY)
    return spec.load(path, REGISTRIES, edits=edits)


def check(study: Spec) -> dict[str, extremes.Extremes]:
    return {one.cell.name: one for one in extremes.check(study, data.sizes(study.data))}


def mistakes(folder: Path, *edits: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        check(load(folder, *edits))
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def total(depth: int, width: int) -> int:
    """Kernels, gamma and beta, and the output bias of an MLP on 8x8 digits."""
    return 64 * width + (depth - 1) * width**2 + 2 * depth * width + width * 10 + 10


def test_smallest_and_largest_are_at_the_ends_of_the_ranges(tmp_path: Path) -> None:
    found = check(load(tmp_path))
    assert found["full"].smallest == Count(total(1, 4), 0, total(1, 4))
    assert found["full"].largest == Count(total(3, 16), 0, total(3, 16))
    assert found["bn_only"].smallest.trained == 2 * 1 * 4
    assert found["bn_only"].largest.trained == 2 * 3 * 16


def test_every_option_of_a_searched_subset_is_a_corner(tmp_path: Path) -> None:
    edits = ("model.depth=2", "model.width=8", "arms.bn_only.train={choice: [gamma, all]}")
    one = check(load(tmp_path, *edits))["bn_only"]
    assert (one.smallest.trained, one.largest.trained) == (2 * 8, total(2, 8))


def test_corners_cross_the_ranges_that_decide_a_network_and_no_others(tmp_path: Path) -> None:
    study = load(tmp_path)
    met = [proposal.config for proposal in extremes.corners(study.cells[0])]
    keys = ("model.depth", "model.width", "training.batch_size", "training.optimizer")
    assert len(met) == len({tuple(config[key] for key in keys) for config in met}) == 2**4
    assert {config["training.learning_rate"] for config in met} == {0.01}


def test_active_settings_leave_out_what_never_counts(tmp_path: Path) -> None:
    active = check(load(tmp_path))["full"].active
    # sgd's momentum comes from its branch, and nothing says that early stopping is on
    assert not active & {"training.momentum", "training.early_stopping.patience"}
    assert {"model.depth", "training.beta_1", "training.optimizer"} <= active


def test_a_unit_with_too_few_weights_is_told_with_place_and_corner(tmp_path: Path) -> None:
    told = mistakes(tmp_path, "arms.bn_only.train=random", "arms.bn_only.per_unit=8")
    assert len(told) == 1
    assert told[0].startswith("corners.yaml:12:3: bn_only: 8 entries for each unit of dense_1/ker")
    assert told[0].endswith("(at model.depth=3, model.width=4)") and "at_fan_in: clip" in told[0]


def test_at_fan_in_clip_takes_the_whole_fan_in(tmp_path: Path) -> None:
    edits = ("train=random", "per_unit=8", "at_fan_in=clip")
    found = check(load(tmp_path, *(f"arms.bn_only.{edit}" for edit in edits)))
    assert found["bn_only"].smallest.trained == 8 * 4


def test_a_match_needs_batchnorm_in_every_corner(tmp_path: Path) -> None:
    edits = ("arms.bn_only={train: random, match: batchnorm}", "model.normalisation=layer")
    with pytest.raises(SpecError, match="batchnorm"):
        check(load(tmp_path, *edits))


def test_a_word_of_a_sum_that_names_nothing_is_told_with_its_arm(tmp_path: Path) -> None:
    edits = ("arms.bn_only.train=batchnorm+output", "model.normalisation={choice: [batch, none]}")
    (told,) = mistakes(tmp_path, "model.depth=2", "model.width=4", *edits)
    assert told == (
        "corners.yaml:12:3: bn_only: train: 'batchnorm' in 'batchnorm+output' names nothing, so "
        "leave it out; it stands for gamma and beta of every BatchNormalization layer, and this "
        "network has nothing of the kind (at model.normalisation=none)"
    )


def test_a_batch_larger_than_a_files_training_part_is_told(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7},{i % 3},{'ab'[i % 2]}\n" for i in range(60))
    (tmp_path / "own.csv").write_text(f"p,q,kind\n{rows}")
    own = "data={name: file, path: own.csv, target: kind, validation: 0.2, test: 0.2}"
    # for all arms once, where it stands
    (told,) = mistakes(tmp_path, own)
    assert told.startswith("corners.yaml:7:15: training.batch_size is 64, more than the 36 train")
    (told,) = mistakes(tmp_path, own, "training={length: {epochs: 3}, learning_rate: 0.1}")
    assert told == (
        "corners.yaml:5:1: training.batch_size is 128, more than the 36 training examples; at most "
        "36 is possible; this is its default, so set it here"
    )
    # of a network that only running it tells too
    (tmp_path / "own.py").write_text("def build_model(hp): ...\n")
    batch = "training={batch_size: {choice: [32, 64]}}"
    (told,) = mistakes(tmp_path, own, "model={hypermodel: 'own:build_model'}", batch)
    assert told.startswith(f"--set {batch}: training.batch_size is 64, more than the 36 training")
    # beside what is wrong in one arm alone
    edits = ("training.batch_size=8", "arms.bn_only.training={batch_size: 99}")
    told = mistakes(tmp_path, own, *edits, "arms.full={train: random, per_unit: 8}")
    assert len(told) == 2 and "training.batch_size is 99" in told[0] and "full: 8 en" in told[1]


def test_a_table_in_a_file_cannot_be_augmented(tmp_path: Path) -> None:
    rows = "".join(f"{i % 7},{i % 3},{'ab'[i % 2]}\n" for i in range(600))
    (tmp_path / "own.csv").write_text(f"p,q,kind\n{rows}")
    own = "data={name: file, path: own.csv, target: kind, validation: 0.2, test: 0.2}"
    (told,) = mistakes(tmp_path, own, "training.augment={flip: true, crop: 4}")
    assert told.startswith("--set training.augment=") and "each example is a row of 2 num" in told
