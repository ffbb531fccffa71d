"""The processor that programs are compiled for: its vectors decide how sums are rounded."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

INFO = Path("/proc/cpuinfo")
# as Linux names them, the widest first
VECTORS = ("avx512f", "avx2", "avx", "sve", "asimd")


def processor() -> str:
    """Its model and the widest vectors that it has, as 'AMD EPYC (avx2)'."""
    known = _known()
    has = {word for key in ("flags", "Features") for word in known.get(key, "").split()}
    widest = next((f" ({word})" for word in VECTORS if word in has), "")
    return (known.get("model name") or platform.processor() or platform.machine()) + widest


def digest() -> str:
    """What tells processors apart of which one may not run what was compiled for the other."""
    known = _known()
    if not known:
        return f"{platform.machine()} {platform.processor()} {platform.node()}"
    kept = (f"{key} {known.get(key)}" for key in ("model name", "flags", "Features"))
    return hashlib.sha256("\n".join(kept).encode()).hexdigest()


def _known() -> Mapping[str, str]:
    """What Linux says of the first core; nothing elsewhere."""
    try:
        text = INFO.read_text(encoding="utf-8")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}
