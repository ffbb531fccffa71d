"""Trains one run by itself, one row of metrics an epoch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import Any

import jax

from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Report, Result
from hpstudy.engine.parts import Parts
from hpstudy.engine.paused import maker, paused, resumed
from hpstudy.engine.programs import Programs
from hpstudy.engine.record import result
from hpstudy.engine.setups import Setups


def train(
    job: Job, setups: Setups, programs: Programs, parts: Parts, test: Any, report: Report
) -> Result:
    """Train and score one run; `test` is a split's (x_test, y_test) for a confirm job, else None.

    Raises whatever building or compiling the model raises; divergence is a result.
    """
    if not setups.compiles(job.config, job.seeds):
        # Keras's trainer is only imported where something needs it
        from hpstudy.engine import plain

        return plain.train(job, setups, parts, test, report)
    began, compiling = perf_counter(), programs.seconds
    setup = setups.of(job.config, job.seeds, job.padded)
    host = Host.of(job, setup.signature, parts)
    made = maker(setup, programs, lanes=1)
    setup = resumed(host, setup, made)
    program = programs.of(
        setup.signature,
        partial(setups.build, setup),
        (setup.carry, setup.run, parts.data, host.order(1)),
    )
    data = program.after_prefix(setup.run, parts.data)
    carry, run = jax.device_put((setup.carry, setup.run))
    kept = setup.carry
    while host.status is None:
        carry, totals = program.epoch(carry, run, data, host.order(host.epoch + 1))
        if host.take(totals):
            kept = carry
        if host.asks is not None:
            host.answer(report(*host.asks))
    ended = result(host, setup, kept, programs, setups, parts, test)
    if host.pauses:
        ended = replace(ended, state=paused(host, carry, made))
    seconds = {"total": perf_counter() - began, "compile": programs.seconds - compiling}
    return ended.noting({"prefix": program.before is not None}, seconds=seconds)
