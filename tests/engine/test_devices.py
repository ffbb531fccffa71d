"""Which accelerators a study uses, told from the environment, packages and device files alone."""

from typing import Any

import pytest

from hpstudy.engine.devices import Fleet, default_workers, fleet, gpus

TWO = ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-caps")


@pytest.mark.parametrize(
    ("environment", "devices", "found"),
    [
        ({}, TWO, ("0", "1")),
        ({}, (), ()),
        ({"CUDA_VISIBLE_DEVICES": "1"}, TWO, ("1",)),
        ({"CUDA_VISIBLE_DEVICES": "GPU-8a,MIG-b"}, TWO, ("GPU-8a", "MIG-b")),
        ({"CUDA_VISIBLE_DEVICES": "1,-1,0"}, TWO, ("1",)),
        ({"CUDA_VISIBLE_DEVICES": ""}, TWO, ()),
        ({"CUDA_VISIBLE_DEVICES": "0"}, (), ()),
        ({"JAX_PLATFORMS": "cpu"}, TWO, ()),
        ({"JAX_PLATFORMS": "cuda,cpu"}, TWO, ("0", "1")),
    ],
)
def test_visible_gpus(
    environment: dict[str, str], devices: tuple[str, ...], found: tuple[str, ...]
) -> None:
    assert gpus(environment, lambda name: name == "jax_cuda12_plugin", devices) == found


def test_without_the_plugin_there_is_no_gpu() -> None:
    assert gpus({}, lambda name: None, TWO) == ()


@pytest.mark.parametrize(
    ("workers", "engine", "found", "expected", "words"),
    [
        (3, {"lanes": "auto"}, (), Fleet(3), "3 workers"),
        (None, {}, (), Fleet(default_workers()), None),
        (1, {"lanes": 4}, (), Fleet(1, lanes=4), "1 worker, 4 lanes"),
        (None, {"lanes": 1}, ("0",), Fleet(1, ("0",)), "1 GPU, 1 lane"),
        (
            None,
            {"lanes": "auto"},
            ("0", "1"),
            Fleet(2, ("0", "1"), 64, True),
            "2 GPUs, up to 64 lanes",
        ),
        (
            8,
            {"lanes": 32, "matmul": "tf32"},
            ("0", "1"),
            Fleet(2, ("0", "1"), 32, matmul="tf32"),
            "2 GPUs, 32 lanes",
        ),
    ],
)
def test_fleets(
    workers: int | None, engine: dict[str, Any], found: Any, expected: Fleet, words: str | None
) -> None:
    told = fleet(workers, engine, 40, found)
    assert told == expected
    assert words is None or told.words == words
