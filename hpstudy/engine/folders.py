"""Where compiled programs are kept; imports nothing heavy."""

from __future__ import annotations

import os
from pathlib import Path


def default_folder() -> Path:
    """The user's cache folder: HPSTUDY_CACHE, or hpstudy in XDG_CACHE_HOME or ~/.cache."""
    named = os.environ.get("HPSTUDY_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(named) if named else home / "hpstudy") / "programs"
