"""Starting over: an earlier study's folder moved aside, never deleted."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from hpstudy.errors import HpstudyError, StoreError


def move_aside(folder: Path, agree: Callable[[str], bool]) -> Path | None:
    """Rename `folder` to '<name>.old-N' with the first free N, if `agree` says yes to a question.

    Gives the new place, None where there is nothing to move. Raises HpstudyError where the answer
    is no, StoreError where a process is running the study in it.
    """
    if not folder.exists():
        return None
    number = 1
    while (target := folder.with_name(f"{folder.name}.old-{number}")).exists():
        number += 1
    _check_idle(folder)
    if not agree(f"Move {folder} aside to {target} and start anew?"):
        raise HpstudyError(f"{folder} is left as it is, and nothing was run")
    os.rename(folder, target)
    return target


def _check_idle(folder: Path) -> None:
    lock = folder / ".lock"
    if not lock.exists():
        return
    with lock.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"{folder} is being run by another process") from None
