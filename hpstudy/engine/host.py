"""What the host does between a run's epochs: order, score, rungs, early stopping, what to keep."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np

from hpstudy.engine.job import Job, Report
from hpstudy.engine.losses import metrics
from hpstudy.engine.program import Carry, Data, Order
from hpstudy.engine.programs import Program
from hpstudy.engine.schedules import learning_rates
from hpstudy.engine.setups import Setup
from hpstudy.engine.stopping import Stopping
from hpstudy.spec.length import Length
from hpstudy.spec.seeds import derived


def batch_order(seed: int, epoch: int, examples: int) -> Any:
    """An epoch's order of the training examples, from the order seed and the epoch alone."""
    generator = np.random.Generator(np.random.Philox(derived(seed, epoch)))
    return generator.permutation(examples).astype(np.int32)


class Host:
    """One run's bookkeeping between epochs; `kept` is the state that its score belongs to."""

    def __init__(
        self,
        job: Job,
        setup: Setup,
        plan: Length,
        task: str,
        scale: float,
        variance: tuple[float, float],
    ) -> None:
        self.job, self.setup, self.plan = job, setup, plan
        self.task, self.scale, self.variance = task, scale, variance
        self.rates = learning_rates(job.config, plan.steps)
        self.rows: list[dict[str, float]] = []
        self.rungs: dict[str, float] = {}
        self.kept: Carry = setup.carry
        self.kept_epoch = 0

    def order(self, epoch: int) -> Order:
        """The plan of an epoch, counted from 1; every epoch has the same shapes."""
        signature = self.setup.signature
        batches, batch = signature.batches, signature.batch_size
        shuffled = batch_order(self.job.seeds["order"], epoch, signature.examples)
        # a partial batch is filled up with its last example, which does not count there
        filled = np.pad(shuffled, (0, max(0, batches * batch - len(shuffled))), mode="edge")
        first = (epoch - 1) * self.plan.steps_per_epoch
        rates = np.zeros(batches, signature.dtype)
        planned = self.rates[first : first + self.plan.steps_per_epoch]
        rates[: len(planned)] = planned
        return Order(
            batches=filled[: batches * batch].reshape(batches, batch),
            rates=rates,
            steps=np.int32(min(batches, self.plan.steps - first)),
            last=np.int32(signature.last),
        )

    def train(self, program: Program, data: Data, report: Report) -> tuple[str, str | None]:
        """Status and reason; stops at divergence, at a rung's no, or early as the settings say."""
        carry, run = jax.device_put((self.setup.carry, self.setup.run))
        stopping = Stopping.from_config(self.job.config)
        for epoch in range(1, self.plan.epochs + 1):
            order = self.order(epoch)
            carry, totals = program.epoch(carry, run, data, order)
            row = self._row(totals, order)
            self.rows.append(row)
            bad = [name for name, value in row.items() if not math.isfinite(value)]
            if bad:
                return "diverged", f"{bad[0]} was {row[bad[0]]} at epoch {epoch}"
            stop = stopping.after(epoch, row)
            if self._keeps(epoch, stopping):
                self.kept, self.kept_epoch = carry, epoch
            if epoch in self.job.rungs and epoch < self.plan.epochs and not stop:
                score = self.score()
                self.rungs[str(epoch)] = score
                if not report(epoch, score):
                    return "pruned", f"at the rung of epoch {epoch}"
            if stop:
                break
        return "finished", None

    def score(self) -> float:
        """The score so far, by the study's one rule."""
        return self.rows[self.kept_epoch - 1][self.job.metric]

    def scored(self) -> dict[str, Any]:
        """Score, its epoch and the metrics there; without a kept epoch, no score."""
        last = {k: v for k, v in (self.rows[-1] if self.rows else {}).items() if math.isfinite(v)}
        if not self.kept_epoch or len(last) < len(self.rows[-1]):
            return {"score": None, "scored_epoch": None, "metrics": {}}
        kept = self.rows[self.kept_epoch - 1]
        shown = {name: value for name, value in kept.items() if name != "learning_rate"}
        return {"score": self.score(), "scored_epoch": self.kept_epoch, "metrics": shown}

    def curves(self) -> dict[str, Any]:
        names = self.rows[0] if self.rows else {}
        curves = {name: np.array([row[name] for row in self.rows]) for name in names}
        return {"epoch": np.arange(1, len(self.rows) + 1), **curves}

    def _keeps(self, epoch: int, stopping: Stopping) -> bool:
        """Whether the values after `epoch` are the ones to score, as far as one can know."""
        if self.job.at == "best_validation":
            return self._improves(epoch)
        if isinstance(self.job.at, int):
            return epoch <= self.job.at
        return stopping.best_epoch == epoch if stopping.restore else True

    def _improves(self, epoch: int) -> bool:
        if not self.kept_epoch:
            return True
        now, best = self.rows[epoch - 1][self.job.metric], self.score()
        return now > best if self.job.maximise else now < best

    def _row(self, totals: Any, order: Order) -> dict[str, float]:
        width = len(totals) // 2
        row: dict[str, float] = {}
        for prefix, part, variance in zip(
            ("train_", ""), (totals[:width], totals[width:]), self.variance, strict=True
        ):
            row[f"{prefix}loss"] = float(part[0] / part[1])
            figures = metrics(self.task, part[1:], self.scale, variance)
            row |= {f"{prefix}{name}": value for name, value in figures.items()}
        row["learning_rate"] = float(order.rates[max(0, int(order.steps) - 1)])
        return row
