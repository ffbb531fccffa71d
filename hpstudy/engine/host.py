"""What the host does between a run's epochs: order, score, rungs, early stopping, what to keep."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from hpstudy.engine import augmentation
from hpstudy.engine.job import Job
from hpstudy.engine.losses import metrics
from hpstudy.engine.parts import Parts
from hpstudy.engine.program import Order, Signature
from hpstudy.engine.schedules import learning_rates
from hpstudy.engine.stopping import Stopping
from hpstudy.spec.length import Length, length
from hpstudy.spec.seeds import derived


def batch_order(seed: int, epoch: int, examples: int) -> Any:
    """An epoch's order of the training examples, from the order seed and the epoch alone."""
    generator = np.random.Generator(np.random.Philox(derived(seed, epoch)))
    return generator.permutation(examples).astype(np.int32)


class Host:
    """One run's bookkeeping between epochs: what to train next, and what the last epoch means.

    `status` is None while the run goes on; `asks` is the (epoch, score) of a rung that it waits at.
    `began` is the epoch that it went on from, 0 at its start; `anew` says why a run that could
    have gone on from a kept state did not.
    """

    def __init__(
        self,
        job: Job,
        signature: Signature,
        plan: Length,
        task: str,
        scale: float,
        variance: tuple[float, float],
    ) -> None:
        self.job, self.signature, self.plan = job, signature, plan
        self.task, self.scale, self.variance = task, scale, variance
        self.rates = learning_rates(job.config, plan.steps)
        self.rows: list[dict[str, float]] = []
        self.rungs: dict[str, float] = {}
        self.kept_epoch = 0
        self.began = 0
        self.anew = "it is trained by model.fit, which keeps no state"
        self.status: str | None = None
        self.reason: str | None = None
        self.asks: tuple[int, float] | None = None
        self._stopping = Stopping.from_config(job.config)

    @classmethod
    def of(cls, job: Job, signature: Signature, parts: Parts) -> Host:
        """The host of a run that has not begun."""
        plan = length(job.config, signature.examples)
        return cls(job, signature, plan, parts.task, parts.scale, parts.variance)

    @property
    def epoch(self) -> int:
        """Epochs trained."""
        return len(self.rows)

    @property
    def kept_steps(self) -> int:
        """Steps planned until the values that are scored, 0 where none are."""
        return min(self.kept_epoch * self.plan.steps_per_epoch, self.plan.steps)

    def order(self, epoch: int) -> Order:
        """The plan of an epoch, counted from 1; every epoch has the same shapes."""
        signature = self.signature
        batches, batch = signature.batches, signature.batch_size
        shuffled = batch_order(self.job.seeds["order"], epoch, signature.examples)
        # a partial batch is filled up with its last example, which does not count there
        filled = np.pad(shuffled, (0, max(0, batches * batch - len(shuffled))), mode="edge")
        planned = self._planned(epoch)
        rates = np.zeros(batches, signature.dtype)
        rates[: len(planned)] = planned
        return Order(
            batches=filled[: batches * batch].reshape(batches, batch),
            rates=rates,
            steps=np.int32(len(planned)),
            last=np.int32(signature.last),
            draws=augmentation.draws(
                self.job.config, self.job.seeds["augmentation"], epoch, signature.examples
            ),
        )

    @property
    def pauses(self) -> bool:
        """Whether the run has ended where it may be gone on from later."""
        return self.status == "pruned" and self.job.keeps

    def resume(self, rows: Iterable[Mapping[str, float]]) -> None:
        """Take the epochs that were trained before as they were taken then."""
        for row in rows:
            self.record(row)
        self.began = self.epoch

    def take(self, totals: Any) -> bool:
        """Record an epoch's float64 sums; whether the values after it are those to score so far."""
        return self.record(self._row(totals))

    def record(self, metrics: Mapping[str, float]) -> bool:
        """Record an epoch's metrics; whether the values after it are those to score so far."""
        rate = self._planned(self.epoch + 1)[-1]
        row = {"learning_rate": float(np.dtype(self.signature.dtype).type(rate)), **metrics}
        self.rows.append(row)
        epoch = self.epoch
        bad = [name for name, value in row.items() if not math.isfinite(value)]
        if bad:
            self._end("diverged", f"{bad[0]} was {row[bad[0]]} at epoch {epoch}")
            return False
        stop = self._stopping.after(epoch, row)
        keeps = self._keeps(epoch)
        if keeps:
            self.kept_epoch = epoch
        if stop or epoch == self.plan.epochs:
            self._end("finished", None)
        elif epoch in self.job.rungs:
            score = self.score()
            self.rungs[str(epoch)] = score
            self.asks = (epoch, score)
        return keeps

    def answer(self, go: bool) -> None:
        """Go on after the rung that `asks` named, or end there as pruned."""
        assert self.asks is not None
        epoch, _ = self.asks
        self.asks = None
        if not go:
            self._end("pruned", f"at the rung of epoch {epoch}")

    def stop(self) -> None:
        """End as finished before the planned epochs are used up."""
        self._end("finished", None)

    def _end(self, status: str, reason: str | None) -> None:
        self.status, self.reason = status, reason

    def _planned(self, epoch: int) -> Any:
        """The learning rates of an epoch's steps; the last epoch may have fewer."""
        first = (epoch - 1) * self.plan.steps_per_epoch
        return self.rates[first : first + self.plan.steps_per_epoch]

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

    def _keeps(self, epoch: int) -> bool:
        """Whether the values after `epoch` are the ones to score, as far as one can know."""
        if self.job.at == "best_validation":
            return self._improves(epoch)
        if isinstance(self.job.at, int):
            return epoch <= self.job.at
        return self._stopping.best_epoch == epoch if self._stopping.restore else True

    def _improves(self, epoch: int) -> bool:
        if not self.kept_epoch:
            return True
        now, best = self.rows[epoch - 1][self.job.metric], self.score()
        return now > best if self.job.maximise else now < best

    def _row(self, totals: Any) -> dict[str, float]:
        width = len(totals) // 2
        row: dict[str, float] = {}
        for prefix, part, variance in zip(
            ("train_", ""), (totals[:width], totals[width:]), self.variance, strict=True
        ):
            row[f"{prefix}loss"] = float(part[0] / part[1])
            figures = metrics(self.task, part[1:], self.scale, variance)
            row |= {f"{prefix}{name}": value for name, value in figures.items()}
        return row
