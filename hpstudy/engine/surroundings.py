"""What a compiled program depends on beside its own key."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import jax
import keras

import hpstudy
from hpstudy.engine import processor

# the packages whose code is traced into a program, or decides what is
_TRACED = ("engine", "hypermodels", "subsets")


def surroundings() -> str:
    """Versions, device, processor, flags and our own code, as one text."""
    device = jax.devices()[0]
    return json.dumps(
        {
            "jax": jax.__version__,
            "jaxlib": version("jaxlib"),
            "keras": keras.__version__,
            "backend": keras.backend.backend(),
            "python": platform.python_version(),
            "device": [device.platform, device.device_kind, jax.local_device_count()],
            "processor": processor.digest(),
            "flags": os.environ.get("XLA_FLAGS", ""),
            "x64": jax.config.values["jax_enable_x64"],
            "matmul": jax.config.values["jax_default_matmul_precision"],
            "code": _code(),
        },
        sort_keys=True,
    )


def _code() -> str:
    digest = hashlib.sha256(hpstudy.__version__.encode())
    root = Path(hpstudy.__file__).parent
    for package in _TRACED:
        for path in sorted((root / package).glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
