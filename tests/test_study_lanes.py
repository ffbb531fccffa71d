"""Whole studies whose workers train runs side by side."""

import json
from pathlib import Path
from typing import Any

import pytest

import hpstudy
from hpstudy import study
from hpstudy.store import Store

FILE = """\
# Does a study in lanes equal one without?
name: lanes
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: 16}
training:
  length: {epochs: 6}
  learning_rate: {float: [0.01, 3], log: true}
  momentum: {choice: [0, 0.9]}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
search:
  {sampler: random, pruner: asha, trials: 8, parallel: 4, seed: 1, choose: {top: 2, seeds: 2}}
confirm: {seeds: 3}
engine: {lanes: 4}
"""
PLACE = ["cell", "phase", "trial", "seed_index"]


@pytest.fixture(scope="module")
def first(load: Any, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "lanes"
    assert study.run(load(), folder, workers=1, cache=cache).complete
    return folder


def runs(folder: Path) -> Any:
    return hpstudy.load(folder).runs.sort_values(PLACE).reset_index(drop=True)


def picks(folder: Path) -> dict[str, int]:
    events = Store(folder).events()
    return {event["cell"]: event["trial"] for event in events if event["event"] == "choice"}


def test_lanes_are_told_and_filled(first: Path) -> None:
    found = runs(first)
    assert {json.loads(one)["lanes"] for one in found["numerics"]} == {4}
    assert (found["phase"] == "confirm").sum() == 6
    assert "pruned" in set(found["status"])


def test_a_study_in_lanes_picks_what_one_without_picks(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "lanes"
    study.run(load("engine.lanes=1"), folder, workers=2, cache=cache)
    ours, alone = runs(first), runs(folder)
    assert ours[[*PLACE, "run", "status"]].equals(alone[[*PLACE, "run", "status"]])
    assert (ours["score"] - alone["score"]).abs().max() <= 0.02
    assert picks(first) == picks(folder)


def test_what_is_left_of_a_study_in_lanes_ends_the_same(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "lanes"
    folder.mkdir()
    lines = (first / "runs.jsonl").read_text().splitlines(keepends=True)
    (folder / "runs.jsonl").write_text("".join(lines[: len(lines) // 2]))
    summary = study.run(load(), folder, workers=2, cache=cache)
    assert summary.complete and summary.trained < len(runs(first))
    assert runs(folder)[[*PLACE, "score"]].equals(runs(first)[[*PLACE, "score"]])


def test_other_lanes_train_nothing_again(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "lanes"
    folder.mkdir()
    (folder / "runs.jsonl").write_text((first / "runs.jsonl").read_text())
    assert study.run(load("engine.lanes=auto"), folder, cache=cache).trained == 0
    with pytest.raises(hpstudy.errors.StudyChanged, match="engine.matmul: float32 -> tf32"):
        study.run(load("engine.matmul=tf32"), folder, cache=cache)
