"""Lanes that a study can fill, and lanes that a device has room for."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hpstudy import spec
from hpstudy.engine.flight import at_first, in_flight
from hpstudy.engine.room import lane_bytes, room
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.study import REGISTRIES

FILE = """\
# How many runs share a program?
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: 1, width: 16}
training: {length: {epochs: 2}, learning_rate: {float: [0.01, 1], log: true}}
arms: {full: {train: all}, bn: {train: batchnorm}}
search: {trials: 64, parallel: 16, choose: {top: 2, seeds: 3}}
confirm: {seeds: 10}
"""
LEARNT = "arms.bn.training.learning_rate=0.1"


@pytest.mark.parametrize(
    ("edits", "runs"),
    [
        ([], 16),
        (["search.parallel=5"], 10),
        (["search.parallel=5", "search.choose.seeds=9"], 18),
        (["training.batch_size={choice: [16, 32, 64, 128]}"], 10),
        (["confirm.seeds=2", "model.width={int: [9, 32]}", "search.choose.seeds=1"], 8),
        (["confirm.seeds=2", "model.depth={int: [1, 9]}", "search.choose.seeds=1"], 2),
        (["training.momentum={sweep: [0, 0.5, 0.9]}"], 48),
        (["model.width={sweep: [8, 16]}"], 16),
        (
            [
                "search.objectives=[score, trained]",
                "search.choose.top=8",
                "model.width={int: [9, 32]}",
            ],
            40,
        ),
        (["search.parallel=5000", "search.trials=6000"], 1024),
    ],
)
def test_runs_of_one_program_in_flight(edits: list[str], runs: int, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(FILE)
    assert in_flight(spec.load(path, REGISTRIES, edits=edits), HYPERMODELS) == runs


def test_room_is_a_power_of_two_of_whole_lanes(job: Any, digits: Any, trainer: Any) -> None:
    train = trainer(digits)

    def asked(**changes: Any) -> Any:
        one = job(**changes)
        setup = train.setups.of(one.config, one.seeds)
        built = train.setups.build(setup)
        return setup, partial(lane_bytes, train.parts, built), partial(room, built=built)

    setup, size, fits = asked(subset__train="all")
    values = sum(value.nbytes for value in setup.carry.theta.values())
    assert size(setup) > 3 * values
    shared = sum(array.nbytes for array in train.parts.data)
    for lanes, found in ((0.5, 1), (1.2, 1), (5, 4), (64.5, 64)):
        memory = 2 * (shared + lanes * size(setup))
        assert fits(int(memory), train.parts, setup=setup) == found
    behind, behind_size, _ = asked(subset__train="batchnorm", model__depth=1)
    examples = len(digits.x_train) + len(digits.x_val)
    assert behind_size(behind) > examples * 16 * 4


@pytest.mark.parametrize(
    ("edits", "runs"),
    [([], 32), (["search.trials=3"], 6), (["arms.bn.search=none", LEARNT], 26)],
)
def test_as_many_runs_start_at_once_as_the_windows_hold(
    tmp_path: Path, edits: list[str], runs: int
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(FILE)
    assert at_first(spec.load(path, REGISTRIES, edits=edits)) == runs
