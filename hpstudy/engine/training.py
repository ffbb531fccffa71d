"""Trains one run by itself, one row of metrics an epoch."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from hpstudy.engine.host import Host
from hpstudy.engine.job import Job, Report, Result
from hpstudy.engine.parts import Parts
from hpstudy.engine.program import Data
from hpstudy.engine.programs import Program, Programs
from hpstudy.engine.record import result
from hpstudy.engine.setups import Setup, Setups


def train(
    job: Job, setups: Setups, programs: Programs, parts: Parts, test: Any, report: Report
) -> Result:
    """Train and score one run; `test` is a split's (x_test, y_test) for a confirm job, else None.

    Raises whatever building or compiling the model raises; divergence is a result.
    """
    began, compiling = perf_counter(), programs.seconds
    setup = setups.of(job.config, job.seeds)
    host = Host.of(job, setup.signature, parts)
    program = programs.epoch(
        setup.signature,
        lambda: setups.build(job.config, setup.signature),
        (setup.carry, setup.run, parts.data, host.order(1)),
    )
    data = _after_prefix(program, setup, parts.data)
    carry = kept = setup.carry
    while host.status is None:
        carry, totals = program.epoch(carry, setup.run, data, host.order(host.epoch + 1))
        if host.take(totals):
            kept = carry
        if host.asks is not None:
            host.answer(report(*host.asks))
    ended = result(host, setup, kept, programs, setups, parts, test)
    seconds = {"total": perf_counter() - began, "compile": programs.seconds - compiling}
    return ended.noting(prefix=program.prefix is not None, seconds=seconds)


def _after_prefix(program: Program, setup: Setup, data: Data) -> Data:
    if program.prefix is None:
        return data
    known = {**setup.run.base, **setup.run.inputs}
    values = {path: known[path] for path in program.prefix.paths}
    x, x_val = program.prefix.call(values, data.x, data.x_val)
    return data._replace(x=x, x_val=x_val)
