"""The exception tree, grouped by what the reader can do about it.

HpstudyError                 anything a user can mend; told in words, without a traceback
  SpecError                  the study file: one Problem for each mistake, all at once
  StudyChanged               the folder holds results that the edited study would contradict
  DataError                  a data set that is missing, malformed or cannot be split as asked
  HypermodelError            somebody's hypermodel that cannot be built or trained
  MissingPackage             something to install, with the exact command
  StoreError                 a study's folder that cannot be read or written
  WorkerError                a worker that cannot start
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class HpstudyError(Exception):
    """Base of every error that a user can mend."""


@dataclass(frozen=True)
class Problem:
    """One mistake in a study file: what is wrong, what was seen, what is allowed, and where."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{where}: {self.message}" if where else self.message


class SpecError(HpstudyError):
    """A study file with mistakes; `problems` lists all of them, in the file's order.

    The message tells, among them, the `cautions`: what is no mistake and hardly meant.
    """

    def __init__(self, problems: Sequence[Problem], cautions: Sequence[Problem] = ()) -> None:
        self.problems, self.cautions = tuple(problems), tuple(cautions)
        told = [*self.problems, *self.cautions]
        if cautions:
            told.sort(key=lambda one: (one.file, one.line, one.column))
        super().__init__("\n".join(map(str, told)))


class StudyChanged(HpstudyError):
    """An edit that finished results would contradict; the message names the keys."""


class DataError(HpstudyError):
    """A data set that is missing, malformed or cannot be split as asked."""


class HypermodelError(HpstudyError):
    """Somebody's hypermodel that cannot be built or trained; its traceback ends the message."""


class MissingPackage(HpstudyError):
    """Something that is not installed; the message holds the exact command."""


class StoreError(HpstudyError):
    """A study's folder that cannot be read or written."""


class WorkerError(HpstudyError):
    """A worker that cannot start or that broke the protocol."""
