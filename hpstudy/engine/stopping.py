"""Early stopping, decided by the host between epochs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Stopping:
    """Early stopping as in Keras: after `patience` epochs without a strictly better `monitor`."""

    monitor: str | None
    patience: int = 0
    restore: bool = False
    best: float = math.inf
    best_epoch: int = 0

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Stopping:
        if config.get("training.early_stopping", "none") == "none":
            return cls(None)
        prefix = "training.early_stopping."
        return cls(
            config[f"{prefix}monitor"],
            int(config[f"{prefix}patience"]),
            config[f"{prefix}restore"] == "best",
        )

    def after(self, epoch: int, row: Mapping[str, float]) -> bool:
        """Whether to stop after this epoch."""
        if self.monitor is None:
            return False
        sign = -1 if self.monitor in ("accuracy", "r2") else 1
        value = sign * row[self.monitor]
        if value < self.best:
            self.best, self.best_epoch = value, epoch
        return epoch - self.best_epoch >= self.patience and epoch > self.best_epoch
