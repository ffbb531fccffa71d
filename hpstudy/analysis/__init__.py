"""What a study's store says: rankings, paired contrasts, flags and verdicts."""

from __future__ import annotations

from hpstudy.analysis.results import Results, load

__all__ = ["Results", "load"]
