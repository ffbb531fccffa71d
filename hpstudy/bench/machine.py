"""The machine that a benchmark ran on, and whether it was free to."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from hpstudy.engine.devices import default_workers
from hpstudy.engine.processor import processor
from hpstudy.events import versions


@dataclass(frozen=True)
class Machine:
    """Where figures come from; they compare with no other machine's."""

    cores: int
    processor: str
    system: str
    load: float
    versions: dict[str, str]

    @property
    def busy(self) -> str | None:
        """A warning where other processes were running at the start."""
        if self.load < 0.5:
            return None
        return (
            f"the machine was busy at the start (load {self.load:.1f} on {self.cores} cores): "
            "the times are too long, and the ratios less sure"
        )


def machine() -> Machine:
    """This machine, now."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return Machine(default_workers(), processor(), platform.platform(), load, versions())
