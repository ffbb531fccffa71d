"""A few thousand real CIFAR-10 pictures for tests, where somebody has put them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PLACE = Path(
    os.environ.get("HPSTUDY_CIFAR10")
    or Path(__file__).parents[2] / "shared" / "data" / "cifar10_subset.npz"
)


def subset() -> dict[str, Any]:
    """x_train, y_train, x_test and y_test, uint8; skips the test that asks where they are not."""
    if not PLACE.is_file():
        pytest.skip(f"no CIFAR-10 pictures at {PLACE} (HPSTUDY_CIFAR10 names another place)")
    names = ("x_train", "y_train", "x_test", "y_test")
    with np.load(PLACE, allow_pickle=False) as archive:
        return {name: archive[name] for name in names}
