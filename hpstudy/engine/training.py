"""Trains one run: the host's side of it, one row of metrics an epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import jax
import numpy as np

from hpstudy.engine import padding
from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Report, Result
from hpstudy.engine.losses import score_outputs
from hpstudy.engine.network import Arrays
from hpstudy.engine.program import Carry, Data, Values, chunks, values_of
from hpstudy.engine.programs import Programs
from hpstudy.engine.setups import Setup, Setups
from hpstudy.spec.length import length
from hpstudy.subsets import gathered

CHUNK = 2048  # validation and test examples in one forward pass


@dataclass(frozen=True)
class Parts:
    """The training and validation parts on the device, and what metrics need to know of them."""

    data: Data
    y_train: Any
    y_val: Any
    task: str
    outputs: int
    scale: float
    variance: tuple[float, float]

    @classmethod
    def of(cls, split: Any, dtype: str) -> Parts:
        """From the arrays of a `hpstudy.data` split; regression targets become (n, outputs)."""
        task = split.shape.task
        y_train, y_val = (targets(task, y, dtype) for y in (split.y_train, split.y_val))
        parts = chunks(np.asarray(split.x_val, dtype), y_val, CHUNK, np.dtype(dtype))
        arrays = (np.asarray(split.x_train, dtype), y_train, *parts)
        variance = (1.0, 1.0) if task == "classification" else (_spread(y_train), _spread(y_val))
        data = Data(*(jax.device_put(array) for array in arrays))
        return cls(
            data, y_train, y_val, task, split.shape.outputs, float(split.target_scale), variance
        )


def targets(task: str, values: Any, dtype: str) -> Any:
    """Class ids (n,) as int32, or numbers as (n, outputs)."""
    if task == "classification":
        return np.asarray(values, np.int32)
    return np.asarray(values, dtype).reshape(len(values), -1)


def train(
    job: Job, setups: Setups, programs: Programs, parts: Parts, test: Any, report: Report
) -> Result:
    """Train and score one run; `test` is a split's (x_test, y_test) for a confirm job, else None.

    Raises whatever building or compiling the model raises; divergence is a result.
    """
    began, compiling = perf_counter(), programs.seconds
    setup = setups.of(job.config, job.seeds, job.padded)
    plan = length(job.config, setup.signature.examples)
    host = Host(job, setup, plan, parts.task, parts.scale, parts.variance)
    program = programs.of(
        setup.signature,
        partial(setups.build, setup),
        (setup.carry, setup.run, parts.data, host.order(1)),
    )
    data = program.after_prefix(setup.run, parts.data)
    status, reason = host.train(program, data, report)
    arrays: Arrays = {}
    scored = host.scored()
    if status == "pruned":
        # what a run cut from a stored one has too
        scored = {**scored, "scored_epoch": len(host.rows), "metrics": {}}
    elif job.confirm:
        x_test, y_test = test
        y_test = targets(parts.task, y_test, setup.signature.dtype)
        if status == "finished":
            outputs = _predictor(setup, setups, programs, host.kept)(x_test)
            figures = score_outputs(setup.signature.loss, outputs, y_test, parts.scale)
            bad = [name for name, value in figures.items() if not math.isfinite(value)]
            if bad:
                status, reason = "diverged", f"test {bad[0]} was {figures[bad[0]]}"
        if status == "diverged":
            outputs = _constant(parts, len(x_test), parts.outputs)
            figures = score_outputs(setup.signature.loss, outputs, y_test, parts.scale)
            score = _constant_score(job, setup.signature.loss, parts)
            scored = {"score": score, "scored_epoch": None, "metrics": {}}
        scored["metrics"] |= {f"test_{name}": value for name, value in figures.items()}
        arrays = {
            **{f"initial/{path}": value for path, value in setup.initial.items()},
            **{f"final/{path}": value for path, value in _final(host.kept, setup).items()},
            "test_outputs": np.asarray(outputs, np.float32),
            "test_labels": y_test,
        }
    record = {
        "run": job.run,
        "status": status,
        "reason": reason,
        **scored,
        "epochs": len(host.rows),
        "rungs": host.rungs,
        "counts": setup.counts,
        "program": setup.signature.key,
        "numerics": {
            "prefix": program.before is not None,
            "gathered": bool(gathered.paths(setup.run.base, setup.run.indices)),
            "padded": dict(job.padded),
        },
    }
    compile_seconds = programs.seconds - compiling
    record["seconds"] = {"total": perf_counter() - began, "compile": compile_seconds}
    return Result(record, host.curves(), arrays)


def _final(carry: Carry, setup: Setup) -> Arrays:
    """Every value after training, joined in NumPy: eager JAX operations would compile."""
    return padding.cut(values_of(jax.tree.map(np.asarray, carry), setup.run), setup.shapes)


def _predictor(setup: Setup, setups: Setups, programs: Programs, carry: Carry) -> Any:
    dtype, values = np.dtype(setup.signature.dtype), Values.of(carry, setup.run)

    def predict(x: Any) -> Any:
        shaped, _, _ = chunks(np.asarray(x, dtype), np.zeros(len(x)), CHUNK, dtype)
        build = partial(setups.build, setup)
        call = programs.predict(setup.signature, build, values, shaped[0])
        return np.concatenate([np.asarray(call(values, chunk)) for chunk in shaped])[: len(x)]

    return predict


def _constant(parts: Parts, count: int, outputs: int) -> Any:
    """The constant predictor's outputs: log class frequencies, or the training mean."""
    if parts.task == "classification":
        frequencies = np.bincount(parts.y_train, minlength=outputs) / len(parts.y_train)
        row = np.log(np.maximum(frequencies, 1e-12))
    else:
        row = parts.y_train.mean(axis=0)
    return np.repeat(row[None], count, axis=0)


def _constant_score(job: Job, loss: str, parts: Parts) -> float:
    outputs = _constant(parts, len(parts.y_val), parts.outputs)
    return score_outputs(loss, outputs, parts.y_val, parts.scale)[job.metric]


def _spread(values: Any) -> float:
    return float(np.square(values - values.mean(axis=0)).mean())
