"""Which backend and GPUs a study gets, from a machine that is made up."""

from __future__ import annotations

from typing import Any

import pytest

from hpstudy.backends import Machine, chosen
from hpstudy.errors import HpstudyError, MissingPackage

TWO = ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "nvidia-caps")
PLUGIN, TENSORFLOW = "jax_cuda12_plugin", "tensorflow"


def machine(
    *installed: str, devices: Any = TWO, seen: int | None = None, **environment: str
) -> Machine:
    """`seen` GPUs is what TensorFlow would answer; None where it must not be asked."""

    def asked() -> int:
        assert seen is not None, "TensorFlow was asked"
        return seen

    return Machine(environment, lambda name: name in installed or None, devices, asked)


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
def test_the_gpus_that_jax_would_use(environment: Any, devices: Any, found: Any) -> None:
    assert chosen({}, machine(PLUGIN, devices=devices, **environment)) == ("jax", found)


@pytest.mark.parametrize(
    ("engine", "here", "expected"),
    [
        # auto: the installed backend that sees a GPU, JAX first and JAX last
        ({}, machine(PLUGIN, TENSORFLOW), ("jax", ("0", "1"))),
        ({}, machine(TENSORFLOW, seen=2), ("tensorflow", ("0", "1"))),
        ({}, machine(TENSORFLOW, seen=0), ("jax", ())),
        ({}, machine(TENSORFLOW, devices=()), ("jax", ())),
        ({}, machine(TENSORFLOW, JAX_PLATFORMS="cpu"), ("jax", ())),
        ({}, machine(), ("jax", ())),
        ({"backend": "jax"}, machine(TENSORFLOW), ("jax", ())),
        ({"backend": "tensorflow"}, machine(PLUGIN, TENSORFLOW, seen=1), ("tensorflow", ("0",))),
        ({"backend": "tensorflow"}, machine(TENSORFLOW, devices=()), ("tensorflow", ())),
        # devices: places among those that the backend sees
        ({"devices": "cpu"}, machine(PLUGIN, TENSORFLOW), ("jax", ())),
        ({"devices": "cpu", "backend": "tensorflow"}, machine(TENSORFLOW), ("tensorflow", ())),
        ({"devices": (1,)}, machine(PLUGIN), ("jax", ("1",))),
        ({"devices": 0}, machine(PLUGIN, CUDA_VISIBLE_DEVICES="1,0"), ("jax", ("1",))),
        ({"devices": [0, 1]}, machine(TENSORFLOW, seen=2), ("tensorflow", ("0", "1"))),
    ],
)
def test_what_engine_settings_choose(engine: Any, here: Machine, expected: Any) -> None:
    assert chosen(engine, here) == expected


def test_a_gpu_that_is_not_there_is_told() -> None:
    with pytest.raises(HpstudyError, match=r"GPU 2, and JAX sees 0 \(0\), 1 \(1\) here"):
        chosen({"devices": (0, 2)}, machine(PLUGIN))
    with pytest.raises(HpstudyError, match="TensorFlow sees no GPU here"):
        chosen({"devices": (0,), "backend": "tensorflow"}, machine(TENSORFLOW, seen=0))


def test_tensorflow_that_is_not_installed_is_told() -> None:
    with pytest.raises(MissingPackage, match="pip install tensorflow"):
        chosen({"backend": "tensorflow"}, machine(PLUGIN))


def test_this_machine_answers() -> None:
    backend, gpus = chosen({"devices": "cpu"}, Machine.here())
    assert (backend, gpus) == ("jax", ())
