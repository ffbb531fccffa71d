"""Trains runs one after another by `model.fit`, on whichever backend Keras runs.

What the compiled engine adds is left out: no lanes, no padding, no cached prefix, no gathered
products; each run's numerics say so. Runs, scores, rungs and records are the same.
"""

from __future__ import annotations

import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any

import keras
import numpy as np

from hpstudy.engine import moving, plain
from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Report, Result, failed
from hpstudy.engine.losses import metrics, score_outputs
from hpstudy.engine.parts import CHUNK, Parts
from hpstudy.engine.record import recorded
from hpstudy.engine.reference import Fitting
from hpstudy.engine.setups import Setups
from hpstudy.hypermodels.compiling import loss
from hpstudy.spec.foreign import is_foreign

Ask = Callable[[Iterable[tuple[str, int, float]]], Mapping[str, bool]]
PLAIN = {"prefix": False, "gathered": False, "padded": {}}


class Fits:
    """Jobs that wait for `model.fit`, on one split; the side of `Packs` that a worker knows.

    `dtype` becomes Keras's own, in which its models are built.
    """

    def __init__(self, split: Any, dtype: str, sample: Any = None) -> None:
        keras.config.set_floatx(dtype)
        self._split, self._dtype = split, np.dtype(dtype)
        self._parts = Parts.of(split, dtype, np.asarray)
        self._setups = Setups(split.shape, len(split.x_train), len(split.x_val), dtype, sample)
        self._waiting: deque[tuple[Job, Any]] = deque()

    @property
    def idle(self) -> bool:
        """Whether there is nothing to train."""
        return not self._waiting

    def add(self, job: Job, test: Any = None) -> None:
        """Take a job; `test` is a split's (x_test, y_test) for a confirm job."""
        self._waiting.append((job, test))

    def step(self, ask: Ask, meanwhile: Callable[[], None] = lambda: None) -> list[Result]:
        """Train the job that came first to its end."""
        if self.idle:
            return []
        job, test = self._waiting.popleft()

        def report(epoch: int, score: float) -> bool:
            return ask([(job.run, epoch, score)])[job.run]

        try:
            return [self.train(job, test, report)]
        except Exception:
            return [failed(job, traceback.format_exc())]

    def train(self, job: Job, test: Any, report: Report) -> Result:
        """Train and score one run; raises what building or compiling the model raises."""
        if is_foreign(job.config):
            return plain.train(job, self._setups, self._parts, test, report)
        began, config = perf_counter(), job.config
        setup = self._setups.of(config, job.seeds)
        host = Host.of(job, setup.signature, self._parts)
        own_loss = loss(config, self._parts.task).call
        # Keras adds the weight decay's penalty to its own loss
        extra = keras.metrics.MeanMetricWrapper(own_loss, name="own_loss", dtype=self._dtype.name)
        fitting = Fitting(job, self._split, [extra])

        def predict(x: Any) -> Any:
            return fitting.model.predict(np.asarray(x, self._dtype), batch_size=CHUNK, verbose=0)

        kept = fitting.values()
        while host.status is None:
            row = fitting.epoch(host.epoch + 1)
            outputs = predict(self._split.x_val)
            if host.record(self._row(setup.signature.loss, row, outputs)):
                kept = fitting.values()
            if host.asks is not None:
                host.answer(report(*host.asks))
        fitting.restore(kept)
        ended = recorded(host, setup, predict, lambda: kept, self._parts, test)
        moved = moving.facts(host, setup.momentum, host.kept_steps)
        return ended.noting(PLAIN, seconds={"total": perf_counter() - began}, **moved)

    def _row(self, loss_name: str, trained: Mapping[str, float], outputs: Any) -> dict[str, float]:
        """An epoch's metrics as the compiled engine has them: unsmoothed, in the target's unit."""
        parts = self._parts
        names = ("accuracy",) if parts.task == "classification" else ("mse", "mae")
        sums = np.array([1.0, *(trained[f"train_{name}"] for name in names)])
        figures = metrics(parts.task, sums, parts.scale, parts.variance[0])
        return {
            "train_loss": trained["train_own_loss"],
            **{f"train_{key}": value for key, value in figures.items()},
            **score_outputs(loss_name, outputs, parts.y_val, parts.scale),
        }
