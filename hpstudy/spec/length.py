"""How long a run is: steps in an epoch, steps in all, epochs in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any


@dataclass(frozen=True)
class Length:
    """A run's length; the last epoch is cut short where `steps` asks for it."""

    steps_per_epoch: int
    steps: int

    @property
    def epochs(self) -> int:
        return ceil(self.steps / self.steps_per_epoch)


def length(config: Mapping[str, Any], examples: int) -> Length:
    """The length of a run of `config` on `examples` training examples.

    Raises ValueError where a batch is larger than the training part.
    """
    batch = int(config["training.batch_size"])
    if batch > examples:
        raise ValueError(
            f"training.batch_size is {batch}, more than the {examples} training examples; "
            f"at most {examples} is possible"
        )
    keeps_tail = config.get("training.last_batch") == "keep" and examples % batch > 0
    per_epoch = examples // batch + keeps_tail
    steps = config.get("training.length.steps")
    total = int(steps) if steps else int(config["training.length.epochs"]) * per_epoch
    return Length(per_epoch, total)
