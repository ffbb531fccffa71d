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
            "processor": _processor(),
            "flags": os.environ.get("XLA_FLAGS", ""),
            "x64": jax.config.values["jax_enable_x64"],
            "matmul": jax.config.values["jax_default_matmul_precision"],
            "code": _code(),
        },
        sort_keys=True,
    )


def _processor() -> str:
    """The processor's model and instruction sets: machine code is made for just these."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()} {platform.node()}"
    kept = [line for line in lines if line.startswith(("model name", "flags", "Features"))]
    return hashlib.sha256("\n".join(sorted(set(kept))).encode()).hexdigest()


def _code() -> str:
    digest = hashlib.sha256(hpstudy.__version__.encode())
    root = Path(hpstudy.__file__).parent
    for package in _TRACED:
        for path in sorted((root / package).glob("*.py")):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
