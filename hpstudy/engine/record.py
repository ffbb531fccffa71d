"""A trained run as its record, curves and arrays, however it was trained."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import jax
import numpy as np

from hpstudy.engine import moving, padding
from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Result
from hpstudy.engine.losses import logits, score_outputs
from hpstudy.engine.network import Arrays
from hpstudy.engine.parts import CHUNK, Parts, targets
from hpstudy.engine.program import Carry, Signature, Values, chunks, values_of
from hpstudy.engine.programs import Programs
from hpstudy.engine.setup import Setup
from hpstudy.engine.setups import Setups
from hpstudy.spec.foreign import is_foreign
from hpstudy.subsets import gathered


def result(
    host: Host,
    setup: Setup,
    kept: Carry,
    programs: Programs,
    setups: Setups,
    parts: Parts,
    test: Any,
) -> Result:
    """What a run of the compiled engine has to tell; `kept` is the state that is scored.

    `test` is (x_test, y_test) for a confirm job, whose arrays and test figures come with it.
    """

    def predict(x: Any) -> Any:
        return logits(setup.signature.loss, _predictor(setup, setups, programs, kept)(x))

    ended = recorded(host, setup, predict, lambda: _final(kept, setup), parts, test)
    few = bool(gathered.paths(setup.run.base, setup.run.indices))
    numerics = {"gathered": few, "padded": dict(host.job.padded)}
    if is_foreign(host.job.config):
        numerics |= {"trained_by": "compiled engine", "initialisation": "its own"}
    return ended.noting(numerics, **moving.facts(host, setup.momentum, host.kept_steps))


class Described(Protocol):
    """What a record needs of a run besides its epochs."""

    @property
    def signature(self) -> Signature: ...

    @property
    def initial(self) -> Arrays: ...

    @property
    def counts(self) -> dict[str, int]: ...


def recorded(
    host: Host,
    setup: Described,
    predict: Callable[[Any], Any],
    final: Callable[[], Arrays],
    parts: Parts,
    test: Any,
) -> Result:
    """What a run that ended has to tell.

    `predict` gives outputs (n, outputs) of the values that are scored, of probabilities their
    logarithms; `final` gives those values.
    """
    job, status, reason = host.job, host.status, host.reason
    arrays: Arrays = {}
    scored = host.scored()
    if status == "pruned":
        # what a run cut from a stored one has too
        scored = {**scored, "scored_epoch": len(host.rows), "metrics": {}}
    elif job.confirm:
        x_test, y_test = test
        y_test = targets(parts.task, y_test, setup.signature.dtype)
        if status == "finished":
            outputs = predict(x_test)
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
            **{f"final/{path}": value for path, value in final().items()},
            "test_outputs": np.asarray(outputs, np.float32),
            "test_labels": y_test,
        }
    record = {
        "run": job.run,
        "status": status,
        "reason": reason,
        **scored,
        "epochs": len(host.rows),
        "trained_epochs": len(host.rows) - host.began,
        **_continued(host),
        "rungs": host.rungs,
        "counts": setup.counts,
        "program": setup.signature.key,
    }
    return Result(record, host.curves(), arrays)


def _continued(host: Host) -> dict[str, Any]:
    """Of a promoted run: the epoch that it had reached, and the one that it went on from."""
    if not host.job.begins:
        return {}
    why = None if host.began else host.anew
    return {"continued": {"promoted_at": host.job.begins, "from": host.began, "why": why}}


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
