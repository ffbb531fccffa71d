"""Numbers with a comma, which are read as text: where they are, and how to save them anew."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from hpstudy.errors import DataError

# 1,234.56 and 1.234,56, of which either part may be missing
POINTED = r"[-+]?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
COMMAED = r"[-+]?(?:(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d*)?|,\d+)(?:[eE][-+]?\d+)?"


def check_commas(path: Path, table: pd.DataFrame, mark: str) -> None:
    """Raise DataError for a column of text that is all numbers, some of them with a comma.

    `mark` is what stands between the columns.
    """
    for name in table.columns:
        if table[name].dtype.kind in "biuf":
            continue
        values = table[name].astype(str).str.strip()
        seen = values[values.str.contains(",", regex=False)]
        if len(seen) and values.str.fullmatch(f"(?:{POINTED}|{COMMAED})").all():
            first = str(seen.iloc[0])
            raise DataError(
                f"{path}: column {str(name)!r} holds numbers with a comma, such as {first!r}, "
                f"which are read as text; {_remedy(values, mark)}; if they are labels, write "
                f"them otherwise, such as {first.replace(',', '+')!r}"
            )


def _remedy(values: pd.Series, mark: str) -> str:
    """How pandas reads such numbers and saves them with a point."""
    pointed, commaed = (bool(values.str.fullmatch(how).all()) for how in (POINTED, COMMAED))
    if not pointed and not commaed:
        return "write all of them with a point, as 1234.56"
    decimal = "decimal=','"
    if values.str.contains(".", regex=False).any():
        decimal += ", thousands='.'"
    options = decimal if commaed else "thousands=','"
    both = " (or thousands=',' for decimal=',' where 1,000 is a thousand)"
    return (
        f"save the table anew by pd.read_csv(path, sep={mark!r}, {options})"
        f".to_csv(path, sep={mark!r}, index=False){both if pointed and commaed else ''}"
    )
