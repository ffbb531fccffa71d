"""Learning rates of every step, computed before training: a schedule is data, never traced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def learning_rates(config: Mapping[str, Any], steps: int) -> NDArray[np.float64]:
    """The learning rate of each of a run's `steps` steps, shape (steps,).

    `step` multiplies by `factor` from each fraction in `at` on; `cosine` falls to zero over the
    steps after the warm-up (Loshchilov and Hutter, 2017); `warmup` is the fraction of the length
    over which the rate rises linearly to its full value.
    """
    position = np.arange(steps, dtype=np.float64)
    warm = round(config.get("training.warmup", 0.0) * steps)
    factors = np.ones(steps)
    schedule = config.get("training.schedule", "constant")
    if schedule == "step":
        factor = config["training.schedule.factor"]
        for fraction in config["training.schedule.at"]:
            factors[position >= round(fraction * steps)] *= factor
    elif schedule == "cosine":
        progress = (position - warm) / max(1, steps - warm)
        factors = 0.5 * (1 + np.cos(np.pi * np.clip(progress, 0, 1)))
    if warm:
        factors[:warm] = (position[:warm] + 1) / warm
    return float(config["training.learning_rate"]) * factors
