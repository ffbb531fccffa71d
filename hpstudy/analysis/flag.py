"""A flag: one thing that a referee would raise about a contrast."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Flag:
    """A flag's name, and what it says about this contrast.

    `grave` is whether it calls the claim into question; a note only says what was compared.
    """

    name: str
    words: str
    grave: bool = True
