"""Keras without what it imports for people: a worker neither plots nor wraps scikit-learn.

Keras imports both where they are installed, which takes longer than Keras itself.
"""

from __future__ import annotations

import sys

_UNUSED = ("matplotlib", "pandas", "sklearn")


def import_keras(tuner: bool = False) -> None:
    """Import Keras as if those packages were not installed; later imports of them work.

    With `tuner` Keras Tuner as well.
    """
    hidden = [name for name in _UNUSED if name not in sys.modules]
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]
        import keras  # noqa: F401

        if tuner:
            import keras_tuner  # noqa: F401
    finally:
        for name in hidden:
            del sys.modules[name]
