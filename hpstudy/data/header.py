"""The first line of a `.csv` table: what parts its columns, and which of them is the target."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from hpstudy.errors import DataError

SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t"}
MOST_NAMED = 8  # columns that a message lists


def check_header(path: Path, separator: str, target: str | None) -> None:
    """Raise DataError unless the columns have names of their own, `target` among them.

    `separator` is a word of SEPARATORS; where another is meant, the message says which.
    """
    if separator not in SEPARATORS:
        words = ", ".join(SEPARATORS)
        raise DataError(f"data.separator: must be one of {words}; saw {separator!r}")
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.reader(lines, delimiter=SEPARATORS[separator])
            names = next((row for row in rows if not _blank(row)), [])
    except (OSError, ValueError, csv.Error) as error:
        raise unreadable(path, error) from None
    if not names:
        return
    if target not in names:
        _check_separator(path, names, separator, target)
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        raise DataError(f"{path}: column {repeated[0]!r} appears more than once")
    if not target:
        say = f"name the column of {path.name} to predict; it has {listed(names)}"
        raise DataError(f"data.target: is missing; {say}")
    if target not in names:
        raise DataError(f"{path}: has no column {target!r}{_near(target, names)}")


def line_of(path: Path, mark: str, row: int, rows: int) -> int | None:
    """Which line of a file a row below its header is, of so many `rows`; both count from 1.

    None where that is not sure, as where line breaks stand in quotes.
    """
    starts = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader, before = csv.reader(lines, delimiter=mark), 0
            for values in reader:
                if reader.line_num != before + 1:
                    return None
                before = reader.line_num
                if not _blank(values):
                    starts.append(before)
    except (OSError, ValueError, csv.Error):
        return None
    return starts[row] if len(starts) == rows + 1 else None


def _blank(row: Sequence[str]) -> bool:
    # pandas skips lines of blanks too
    return len(row) <= 1 and not "".join(row).strip(" \t")


def unreadable(path: Path, error: Exception) -> DataError:
    """Why a file is no table, in words, and what to do about it."""
    utf8 = isinstance(error, UnicodeDecodeError)
    hint = "; save it as UTF-8, as 'CSV UTF-8' of a spreadsheet" if utf8 else ""
    return DataError(f"{path}: cannot be read as a table: {error}{hint}")


def _check_separator(path: Path, names: Sequence[str], separator: str, target: str | None) -> None:
    """Raise DataError where something else seems to stand between the columns."""
    text = SEPARATORS[separator].join(names)
    for other in (word for word in SEPARATORS if word != separator):
        columns = [name.strip('"') for name in text.split(SEPARATORS[other])]
        if target in columns or len(names) == 1 < len(columns):
            mark = "a tab" if other == "tab" else f"'{SEPARATORS[other]}'"
            raise DataError(
                f"{path}: its columns seem to be separated by {mark}: write separator: {other} "
                f"(data.separator); saw the header {text[:60]!r}"
            )
    if len(names) == 1 and re.search(r"\S[|: ]+\S", text):
        raise DataError(
            f"{path}: its columns seem to be separated by none of what data.separator allows: "
            f"{', '.join(SEPARATORS)}; save it with one of them; saw the header {text[:60]!r}"
        )


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
