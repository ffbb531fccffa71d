"""How well does a network do when only a chosen subset of its parameters trains?

`hpstudy.read(path)` reads a study file, `hpstudy.run(study)` runs it, and `hpstudy.load(folder)`
reads what it has produced. All are imported when first used, so that `import hpstudy` costs next to
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hpstudy.analysis import load
    from hpstudy.study import read, run

__version__ = "0.1.0"
__all__ = ["__version__", "load", "read", "run"]

_HOME = {"load": "hpstudy.analysis", "read": "hpstudy.study", "run": "hpstudy.study"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
