"""A run that was paused and goes on is the run that never was, in every bit of every epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpstudy.engine import protocol
from hpstudy.engine.job import Job, Result

Config = dict[str, Any]
RUNS: dict[str, Config] = {
    "momentum, drops, dropout and a ragged end": {
        "training__momentum": 0.9,
        "training__schedule": "step",
        "training__schedule__at": (0.3, 0.7),
        "training__schedule__factor": 0.1,
        "model__dropout": 0.3,
        "training__length__epochs": None,
        "training__length__steps": 71,
        "training__last_batch": "keep",
    },
    "adam, cosine, random weights and the best epoch": {
        "training__optimizer": "adam",
        "training__learning_rate": 0.03,
        "training__schedule": "cosine",
        "training__warmup": 0.3,
        "subset__train": "random+output",
        "subset__per_unit": 2,
        "at": "best_validation",
    },
    "augmentation behind early stopping that restores": {
        "training__learning_rate": 1.0,
        "training__augment": "on",
        "training__augment__flip": True,
        "training__augment__crop": 1,
        "training__early_stopping": "on",
        "training__early_stopping__monitor": "loss",
        "training__early_stopping__patience": 2,
        "training__early_stopping__restore": "best",
    },
    "a cached prefix in a padded network": {"subset__train": "batchnorm", "model__width": 13},
}
PADDED = {"a cached prefix in a padded network": {"model.width": 16}}


@pytest.fixture(scope="module")
def train(digits: Any, trainer: Any) -> Any:
    return trainer(digits)


@pytest.fixture
def run(job: Callable[..., Job]) -> Callable[[str], Job]:
    """The job of one of `RUNS`, of four epochs where that does not say."""

    def make(name: str) -> Job:
        made = job(**{"training__length__epochs": 4, **RUNS[name]})
        return replace(made, run=name, padded=PADDED.get(name, {}))

    return make


def told(result: Result) -> dict[str, Any]:
    """A record without what tells how it came about."""
    apart = ("seconds", "trained_epochs", "continued", "rungs")
    return {key: value for key, value in result.record.items() if key not in apart}


def assert_equal(ours: Result, whole: Result) -> None:
    assert told(ours) == told(whole)
    for one, other in ((ours.curves, whole.curves), (ours.state, whole.state)):
        assert list(one) == list(other)
        for name, values in other.items():
            assert one[name].dtype == values.dtype
            np.testing.assert_array_equal(one[name], values, err_msg=name)


def paused(job: Job, end: int) -> Job:
    return replace(job, rungs=(end,), keeps=True)


def going_on(job: Job, result: Result, folder: Path) -> Job:
    """The job that goes on from where a paused one ended."""
    epoch = result.record["epochs"]
    place = folder / f"{epoch}.npz"
    place.write_bytes(protocol.pack(result.state))
    return replace(job, begins=epoch, state=str(place))


@pytest.mark.parametrize("name", RUNS)
def test_a_run_that_goes_on_equals_the_whole_run(
    name: str, run: Any, train: Any, tmp_path: Path
) -> None:
    whole = run(name)
    expected = train(whole), train(paused(whole, 3), lambda epoch, score: False)
    first = train(paused(whole, 1), lambda epoch, score: False)
    assert first.record["status"] == "pruned" and first.record["epochs"] == 1
    second = train(paused(going_on(whole, first, tmp_path), 3), lambda epoch, score: False)
    assert_equal(second, expected[1])
    assert second.record["trained_epochs"] == 2
    assert second.record["continued"] == {"promoted_at": 1, "from": 1, "why": None}
    last = train(going_on(whole, second, tmp_path))
    assert_equal(last, expected[0])
    assert last.record["trained_epochs"] == expected[0].record["epochs"] - 3 > 0
    assert not last.state


@pytest.mark.parametrize(
    "name", [pytest.param(list(RUNS)[0], marks=pytest.mark.slow), list(RUNS)[1]]
)
def test_in_lanes_beside_runs_at_other_epochs_it_does_too(
    name: str, run: Any, train: Any, tmp_path: Path
) -> None:
    whole = run(name)
    other = replace(whole, run="other", seeds={**whole.seeds, "order": 5})
    expected = train.together(2, [whole, other])
    (state,) = train.together(2, [paused(whole, 3)], lambda *_: False).values()
    stopped = train.together(2, [paused(whole, 2), paused(other, 1)], lambda *_: False)
    (tmp_path / "other").mkdir()
    again = [
        paused(going_on(whole, stopped[name], tmp_path), 3),
        going_on(other, stopped["other"], tmp_path / "other"),
        replace(whole, run="new"),
    ]
    found = train.together(2, again, lambda *_: False)
    assert_equal(found[name], state)
    assert_equal(found["other"], expected["other"])
    for ran, epoch in ((name, 2), ("other", 1)):
        assert found[ran].record["continued"]["from"] == epoch
    np.testing.assert_array_equal(found["new"].curves["loss"], expected[name].curves["loss"])


def test_without_a_state_of_the_same_numerics_it_begins_anew(
    run: Any, train: Any, tmp_path: Path
) -> None:
    whole = run("adam, cosine, random weights and the best epoch")
    expected = train(whole)
    first = train(paused(whole, 2), lambda epoch, score: False)
    job = going_on(whole, first, tmp_path)
    damaged, cut, foreign = (tmp_path / name for name in ("damaged", "cut", "foreign"))
    content = bytearray(Path(job.state).read_bytes())
    cut.write_bytes(content[: len(content) // 2])
    content[content.index(first.state["carry/moments/first/output/bias"].tobytes())] ^= 1
    damaged.write_bytes(content)
    foreign.write_bytes(protocol.pack({"a": np.zeros(2)}))
    narrow = {path: value for path, value in first.state.items() if "output" not in path}
    (tmp_path / "narrow").write_bytes(protocol.pack(narrow))
    lanes = train.together(2, [paused(whole, 2)], lambda *_: False)[whole.run]
    (tmp_path / "lanes").write_bytes(protocol.pack(lanes.state))
    for name, why in (
        ("gone", "its state is missing"),
        ("damaged", "its state cannot be read: "),
        ("cut", "its state cannot be read: "),
        ("foreign", "its state cannot be read: it holds no state"),
        ("narrow", "its state has other arrays than the run"),
        ("lanes", "its state was made by other numerics"),
    ):
        again = train(replace(job, state=str(tmp_path / name)))
        assert_equal(again, expected)
        assert again.record["trained_epochs"] == again.record["epochs"] == 4
        assert again.record["continued"]["promoted_at"] == 2
        assert again.record["continued"]["from"] == 0
        assert again.record["continued"]["why"].startswith(why)
    later = train(replace(job, begins=3))
    assert later.record["continued"]["why"] == "its state is that of epoch 2"
    assert_equal(later, expected)
