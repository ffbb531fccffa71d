"""What a study's store says: rankings, paired contrasts, flags and verdicts."""

from __future__ import annotations

from hpstudy.analysis.claims import Claims, claims
from hpstudy.analysis.results import Results, load

__all__ = ["Claims", "Results", "claims", "load"]
