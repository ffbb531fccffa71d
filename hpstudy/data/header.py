"""The first line of a `.csv` table: what parts its columns, and which of them is the target."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from hpstudy.errors import DataError

SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t"}
MOST_NAMED = 8  # columns that a message lists


def header(path: Path, separator: str, target: str | None) -> list[str]:
    """The names of the columns, `target` among them; none of a file without a line.

    Raises DataError where another separator than `separator`, a word of SEPARATORS, is meant.
    """
    if separator not in SEPARATORS:
        words = ", ".join(SEPARATORS)
        raise DataError(f"data.separator: must be one of {words}; saw {separator!r}")
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            names = _parted(lines, separator)
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table: {error}") from None
    if not names:
        return []
    text = SEPARATORS[separator].join(names)
    for other in SEPARATORS:
        columns = _parted([text], other)
        if target not in names and (target in columns or len(names) == 1 < len(columns)):
            mark = "a tab" if other == "tab" else f"'{SEPARATORS[other]}'"
            raise DataError(
                f"{path}: its columns seem to be separated by {mark}: write separator: {other} "
                f"(data.separator); saw the header {text[:60]!r}"
            )
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise DataError(f"{path}: column {repeated[0]!r} appears more than once")
    if target is None:
        say = f"name the column of {path.name} to predict; it has {listed(names)}"
        raise DataError(f"data.target: is missing; {say}")
    if target not in names:
        raise DataError(f"{path}: has no column {target!r}{_near(target, names)}")
    return names


def _parted(lines: Iterable[str], separator: str) -> list[str]:
    """The first line that is not empty."""
    rows = csv.reader(lines, delimiter=SEPARATORS[separator])
    return next((row for row in rows if row), [])


def _near(target: str, names: Sequence[str]) -> str:
    """Which column may be meant, and those that there are."""
    plain = {name.strip().lower(): name for name in names}
    near = get_close_matches(target.strip().lower(), plain, n=3)
    hint = f", did you mean {' or '.join(repr(plain[name]) for name in near)}?" if near else ""
    return f"{hint} (data.target); it has {listed(names)}"


def listed(names: Sequence[str]) -> str:
    """The columns that there are: of many the first few and the last."""
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    few = [*names[: MOST_NAMED - 2], "...", names[-1]]
    return f"{len(names)} columns: {', '.join(few)}"
