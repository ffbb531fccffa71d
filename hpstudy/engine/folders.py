"""Where compiled programs are kept; imports nothing heavy."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hpstudy.errors import HpstudyError


def default_folder() -> Path:
    """The user's cache folder: HPSTUDY_CACHE, or hpstudy in XDG_CACHE_HOME or ~/.cache."""
    named = os.environ.get("HPSTUDY_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (Path(named) if named else home / "hpstudy") / "programs"


def writable(folder: Path) -> Path:
    """`folder`, made where it is missing.

    Raises HpstudyError where nothing can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise HpstudyError(
            f"compiled programs are kept in {folder}, where nothing can be written "
            f"({error.strerror}); let HPSTUDY_CACHE name another folder"
        ) from error
