"""Records as workers write them, made up from a run's name and settings; nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from hpstudy.data import Split
from hpstudy.engine import protocol
from hpstudy.engine.executor import Done
from hpstudy.engine.job import Job
from hpstudy.spec.seeds import derived

EPOCHS = 20
NAMES = ("train_loss", "train_accuracy", "loss", "accuracy", "learning_rate")
# the accuracy and the learning rate at which each subset is best
BEST = {"all": (0.93, 0.1), "batchnorm": (0.85, 1.0), "random": (0.8, 1.0)}
TEN = 10  # classes


class Plain:
    """Every run finishes, with a score drawn from its name and one set of curves for all."""

    def __init__(self) -> None:
        self._curves = curves(0.9, EPOCHS)

    def score(self, job: Job, epoch: int) -> float:
        return share(job.run) * epoch / EPOCHS

    def end(self, job: Job, rungs: Mapping[int, float], pruned: bool) -> Done:
        epochs = max(rungs) if pruned else EPOCHS
        found = record(job, "pruned" if pruned else "finished", share(job.run), epochs, rungs)
        return Done(job.run, found, self._curves, b"")


class Lively:
    """Scores that follow the learning rate, and every end that a run can have.

    Confirm runs have curves of their own and arrays of an MLP's size.
    """

    def __init__(self, split: Split) -> None:
        self._split = split

    def score(self, job: Job, epoch: int) -> float:
        ceiling, best = BEST[job.config["subset.train"]]
        far = math.log10(job.config["training.learning_rate"] / best)
        depth = math.log2(job.config["model.depth"])
        whole = ceiling + 0.01 * depth - 0.02 * far**2 + 0.01 * (share(job.run) - 0.5)
        return whole * (1 - math.exp(-0.4 * epoch))

    def end(self, job: Job, rungs: Mapping[int, float], pruned: bool) -> Done:
        drawn, score = share(job.run, "end"), self.score(job, EPOCHS)
        if pruned:
            last = max(rungs)
            found = record(job, "pruned", rungs[last], last, rungs)
            return Done(job.run, {**found, "metrics": {}}, self._short, b"")
        if drawn < 0.03 and not job.confirm:
            diverged = record(job, "diverged", None, 3, rungs)
            diverged |= {"reason": "train_loss was nan at epoch 3", "metrics": {}}
            return Done(job.run, diverged, self._short, b"")
        if not job.confirm:
            return Done(job.run, record(job, "finished", score, EPOCHS, rungs), self._long, b"")
        outputs = self._outputs(job.run, score)
        test = float(np.mean(outputs.argmax(axis=1) == self._labels))
        found = record(job, "finished", score, EPOCHS, rungs)
        found["metrics"] |= {"test_loss": 0.3, "test_accuracy": test}
        arrays = {**self._values(job.config), "test_outputs": outputs, "test_labels": self._labels}
        return Done(job.run, found, curves(score, EPOCHS), protocol.pack(arrays))

    @cached_property
    def _long(self) -> bytes:
        return curves(0.9, EPOCHS)

    @cached_property
    def _short(self) -> bytes:
        return curves(0.5, 3)

    @cached_property
    def _labels(self) -> Any:
        return np.asarray(self._split.y_test, np.int32)

    def _outputs(self, run: str, score: float) -> Any:
        drawn = np.random.default_rng(derived(0, run))
        wrong = drawn.random(len(self._labels)) > score
        outputs = np.zeros((len(self._labels), TEN), np.float32)
        outputs[np.arange(len(outputs)), (self._labels + wrong) % TEN] = 4.0
        return outputs

    def _values(self, config: Mapping[str, Any]) -> dict[str, Any]:
        inputs = math.prod(self._split.shape.input_shape)
        sizes = [inputs, *[config["model.width"]] * config["model.depth"], TEN]
        kernels = {
            f"dense_{place}/kernel": np.zeros((rows, columns), np.float32)
            for place, (rows, columns) in enumerate(zip(sizes[:-1], sizes[1:], strict=True))
        }
        return {f"{when}/{path}": k for when in ("initial", "final") for path, k in kernels.items()}


def record(
    job: Job, status: str, score: float | None, epochs: int, rungs: Mapping[int, float]
) -> dict[str, Any]:
    """What a worker would say of a run that ended so."""
    metrics = {"train_loss": 0.1, "train_accuracy": 0.9, "loss": 0.2, "accuracy": score}
    return {
        "run": job.run,
        "status": status,
        "reason": None,
        "score": score,
        "scored_epoch": epochs,
        "metrics": metrics,
        "epochs": epochs,
        "rungs": {str(epoch): value for epoch, value in rungs.items()},
        "counts": {"trained": 10_000, "frozen": 0, "total": 10_000},
        "program": job.run,
        "seconds": {"total": 1.0, "compile": 0.1},
        "numerics": {"backend": "jax", "device": "cpu", "threads": 1, "lanes": 1},
        "compilations": 0,
        "cache_loads": 1,
    }


def curves(score: float, epochs: int) -> bytes:
    """Learning curves that end near a score, as an archive."""
    epoch = np.arange(1, epochs + 1)
    line = score * (1 - np.exp(-0.4 * epoch))
    return protocol.pack({"epoch": epoch, **dict.fromkeys(NAMES, line)})


def share(*words: str) -> float:
    """A number from 0 to 1 that depends on the words alone."""
    return derived(0, *words) / 2**63
