"""How fast a study's workers go, roughly, and what a bill takes them."""

from __future__ import annotations

from dataclasses import dataclass

from hpstudy.bill.cost import Bill
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


def seconds(bill: Bill, fleet: Fleet) -> float:
    """What the bill takes a fleet, with the lanes of each of its packs full."""
    one = pace(fleet)
    training = bill.operations / one.flops + bill.steps * one.step / fleet.lanes
    around = bill.programs * one.program + bill.run_epochs * one.epoch + bill.runs * one.run
    return (training + around) / fleet.workers
