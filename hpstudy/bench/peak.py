"""One core's peak: `python -m hpstudy.bench.peak CORE FILE` multiplies the matrices of FILE.

Threads and flags are those of a worker. It waits for a line on its input between loading and
multiplying, so that all cores start together, and prints the seconds of each product as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from hpstudy.engine.worker import prepare_process

CALLS, SECONDS = 5, 0.4


def main() -> None:
    """Measure, and print a list of seconds."""
    core = int(sys.argv[1])
    shapes: list[list[int]] = json.loads(Path(sys.argv[2]).read_text())
    prepare_process(core if core >= 0 else None, "jax")
    import jax
    import numpy as np

    multiply = jax.jit(lambda a, b: a @ b)
    drawn = np.random.default_rng(1)

    def matrix(rows: int, columns: int) -> Any:
        return jax.device_put(drawn.standard_normal((rows, columns), np.float32))

    pairs = [(matrix(rows, inner), matrix(inner, columns)) for rows, inner, columns in shapes]
    for pair in pairs:
        multiply(*pair).block_until_ready()
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps([_seconds(multiply, pair) for pair in pairs]), flush=True)


def _seconds(multiply: Any, pair: tuple[Any, Any]) -> float:
    """The shortest mean of a few calls, within a fixed time."""
    best, until = float("inf"), perf_counter() + SECONDS
    while perf_counter() < until:
        began = perf_counter()
        for _ in range(CALLS):
            last = multiply(*pair)
        last.block_until_ready()
        best = min(best, (perf_counter() - began) / CALLS)
    return best


if __name__ == "__main__":
    main()
