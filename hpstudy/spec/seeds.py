"""Seeds from (study seed, phase, index) alone: the same in every cell, disjoint between phases."""

from __future__ import annotations

import hashlib

STREAMS = ("initialisation", "mask", "order", "dropout", "augmentation")


def seeds(study_seed: int, phase: str, index: int) -> dict[str, int]:
    """Five independent 63-bit seeds, one for each stream, for seed set `index` of a phase."""
    return {stream: _draw(f"{study_seed}/{phase}/{index}/{stream}") for stream in STREAMS}


def derived(seed: int, *words: object) -> int:
    """A 63-bit seed that depends on `seed` and `words` alone, for a sub-stream such as a path."""
    return _draw("/".join(str(word) for word in (seed, *words)))


def _draw(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
