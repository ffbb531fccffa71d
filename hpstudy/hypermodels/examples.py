"""Which examples of a padded batch are real, for the layers whose outputs mix examples.

A partial batch is a full one whose last examples do not count: one traced step serves both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_active: ContextVar[Any] = ContextVar("weights of the batch's examples", default=None)


@contextmanager
def weighted(weights: Any) -> Iterator[None]:
    """Within this block a batch's examples count by `weights` (batch,): 1 real, 0 padding.

    None: all are real.
    """
    token = _active.set(weights)
    try:
        yield
    finally:
        _active.reset(token)


def weights() -> Any:
    """The weights of this block's examples, or None where all are real."""
    return _active.get()
