"""What a study shows while it runs: a live table on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from hpstudy.analysis import Claims
    from hpstudy.search.expected import Typical
    from hpstudy.terminal.live import Live
    from hpstudy.terminal.plain import Plain

__all__ = ["outcome", "progress"]


def progress(
    stream: TextIO, typical: Mapping[str, Typical] | None = None, head: Sequence[str] = ()
) -> AbstractContextManager[Live | Plain]:
    """Progress of a study on `stream`; leaving the context leaves the terminal as it was.

    `typical` says what a trial takes, of each cell with a budget: how many trials it will hold.
    The lines of `head` stand above a study that starts, and are not said of one that is refused.
    """
    if stream.isatty() and os.environ.get("TERM") not in ("dumb", None):
        from hpstudy.terminal.live import Live

        return Live(stream, typical=typical, head=head)
    from hpstudy.terminal.plain import Plain

    return Plain(stream, typical=typical, head=head)


def outcome(claims: Claims, width: int | None = None) -> list[str]:
    """What a study found, in a few lines, wrapped where a width is given."""
    from hpstudy.terminal.closing import lines

    return lines(claims, width)
