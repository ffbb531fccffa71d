"""The matrix-product peak of every core at once, as workers would reach it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean

from hpstudy.bench.process import environment
from hpstudy.bench.products import Product
from hpstudy.engine.devices import ALLOCATOR
from hpstudy.errors import HpstudyError

Peak = Mapping[Product, float]


def peak(products: Sequence[Product], folder: Path, alone: bool = False) -> Peak:
    """Seconds of each product on one core while all cores multiply; the mean over cores.

    `alone` leaves the other cores to whoever else is there.
    """
    path = folder / "products.json"
    path.write_text(json.dumps([[p.rows, p.inner, p.columns] for p in products]))
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [-1]
    cores = cores[:1] if alone else cores
    started: list[subprocess.Popen[str]] = []
    try:
        for core in cores:
            started.append(_started(core, path))
        if any(_line(process) != "ready" for process in started):
            raise HpstudyError("the peak cannot be measured: a process ended early")
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        measured = [json.loads(_line(process)) for process in started]
    finally:
        for process in started:
            process.kill()
            process.communicate()
    return {product: fmean(one[i] for one in measured) for i, product in enumerate(products)}


def _started(core: int, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "hpstudy.bench.peak", str(core), str(path)],
        env={**ALLOCATOR, **environment("jax")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the one who waits, who ends this too
        start_new_session=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
