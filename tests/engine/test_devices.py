"""A study's fleet: workers, GPUs and lanes for its engine settings."""

from __future__ import annotations

from typing import Any

import pytest

from hpstudy.engine.devices import Fleet, default_workers, fleet
from hpstudy.errors import HpstudyError
from tests.test_backends import PLUGIN, TENSORFLOW, machine

NONE, TWO = machine(PLUGIN, devices=()), machine(PLUGIN)


@pytest.mark.parametrize(
    ("workers", "engine", "here", "expected", "words"),
    [
        (3, {"lanes": "auto"}, NONE, Fleet(3), "3 workers on JAX"),
        (None, {}, NONE, Fleet(default_workers()), None),
        (1, {"lanes": 4}, NONE, Fleet(1, lanes=4), "1 worker on JAX, 4 lanes"),
        (None, {"lanes": 1, "devices": 0}, TWO, Fleet(1, ("0",)), "1 GPU on JAX, 1 lane"),
        (None, {"devices": "cpu"}, TWO, Fleet(default_workers()), None),
        (
            None,
            {"lanes": "auto"},
            TWO,
            Fleet(2, ("0", "1"), 64, True),
            "2 GPUs on JAX, up to 64 lanes",
        ),
        (
            8,
            {"lanes": 32, "matmul": "tf32"},
            TWO,
            Fleet(2, ("0", "1"), 32, matmul="tf32"),
            "2 GPUs on JAX, 32 lanes",
        ),
        (
            None,
            {"lanes": "auto"},
            machine(TENSORFLOW, seen=2),
            Fleet(2, ("0", "1"), backend="tensorflow"),
            "2 GPUs on TensorFlow",
        ),
        (
            2,
            {"backend": "tensorflow", "lanes": 1},
            machine(TENSORFLOW, devices=()),
            Fleet(2, backend="tensorflow"),
            "2 workers on TensorFlow",
        ),
    ],
)
def test_fleets(
    workers: int | None, engine: dict[str, Any], here: Any, expected: Fleet, words: str | None
) -> None:
    told = fleet(workers, engine, 40, here)
    assert told == expected
    assert words is None or told.words == words


def test_tensorflow_has_no_lanes() -> None:
    with pytest.raises(HpstudyError, match="engine.lanes is 8, but TensorFlow trains by model.fit"):
        fleet(None, {"lanes": 8}, 40, machine(TENSORFLOW, seen=2))


def test_a_worker_sees_its_own_gpu_or_none() -> None:
    assert Fleet(2, ("3", "5")).environment("5") == {"CUDA_VISIBLE_DEVICES": "5"}
    assert Fleet(2).environment(None) == {"CUDA_VISIBLE_DEVICES": ""}
