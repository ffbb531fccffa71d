"""How fast a study's workers go, roughly."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.bill.draws import Whole
from hpstudy.engine.devices import Fleet


@dataclass(frozen=True)
class Pace:
    """Rough figures of one worker: operations a second, and seconds of what else it does."""

    flops: float
    step: float
    program: float
    words: str
    epoch: float = 0.0
    run: float = 0.0


# imports before the first run and the report after the last, on two cores; nothing shortens them
START = 6.0
# what small products reach on a core
CORE = Pace(25e9, 1e-4, 1.0, "25 GFLOP/s for each worker, 0.1 ms a step and 1 s a program")
# full training of MLPs in 64 lanes and more on an H100 in strict float32
GPU = Pace(
    2e13,
    1e-4,
    2.0,
    "20 TFLOP/s for each GPU, 0.1 ms a step of all lanes and 2 s a program",
)
# each run of model.fit is traced anew, and each epoch sets up its data; on a core
FIT = Pace(
    25e9,
    1e-4,
    0.0,
    "25 GFLOP/s for each worker, 0.25 s an epoch and 1.5 s a run of model.fit",
    epoch=0.25,
    run=1.5,
)


def pace(fleet: Fleet) -> Pace:
    """The pace of a fleet's workers."""
    if fleet.backend != "jax":
        return FIT
    return GPU if fleet.gpus else CORE


def of_run(run: Whole, fleet: Fleet) -> float:
    """Seconds of one worker that a run takes in one of its lanes, programs left out."""
    one = pace(fleet)
    training = run.operations / one.flops + run.steps * one.step / fleet.lanes
    return training + run.epochs * one.epoch + one.run
