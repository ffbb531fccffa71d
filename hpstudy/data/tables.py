"""A `.csv` table as numbers: text columns become one column for each category."""

from __future__ import annotations

import csv as csv_format
import warnings
from collections import Counter
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from hpstudy.data.examples import Array, Examples, labelled
from hpstudy.data.targets import Task, as_numbers, guessed_task
from hpstudy.errors import DataError

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")
MOST_CATEGORIES = 256
MOST_NAMED = 8  # columns that a message lists


def csv(path: Path, target: str, asked: Task | None) -> Examples:
    """Examples from a table whose first line names the columns; `target` is the one to predict.

    Rows are numbered from 1 below the header. Missing and infinite values are errors.
    """
    table = _read(path)
    if target not in table.columns:
        raise DataError(f"{path}: has no column {target!r}{_columns(target, table)}")
    if len(table.columns) < 2 or table.empty:
        raise DataError(
            f"{path}: has {len(table.columns)} columns and {len(table)} rows below its header; "
            "the target, one more column and one row are the least"
        )
    _check_complete(path, table)
    x = np.column_stack([_column(path, table[name]) for name in table.columns if name != target])
    y = _values(table[target])
    task = asked or guessed_task(y)
    if task == "classification":
        return labelled(x, y)
    return Examples(x, as_numbers(y, f"{path}: column {target!r}"), task, 1)


def _columns(target: str, table: pd.DataFrame) -> str:
    """Which column may be meant, and those that there are: of many the first few and the last."""
    names = [str(name) for name in table.columns]
    plain = {name.strip().lower(): name for name in names}
    near = get_close_matches(target.strip().lower(), plain, n=3)
    hint = f", did you mean {' or '.join(repr(plain[name]) for name in near)}?" if near else ""
    few = names if len(names) <= MOST_NAMED else [*names[: MOST_NAMED - 2], "...", names[-1]]
    many = "" if few is names else f"{len(names)} columns: "
    return f"{hint} (data.target); it has {many}{', '.join(few)}"


def _read(path: Path) -> pd.DataFrame:
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            header = next(csv_format.reader(lines), [])
        repeated = [name for name, times in Counter(header).items() if times > 1]
        if repeated:
            raise DataError(f"{path}: column {repeated[0]!r} appears more than once")
        with warnings.catch_warnings():
            # a row longer than the header: pandas warns and drops the rest
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                index_col=False,
                keep_default_na=False,
                na_values=list(MISSING),
                low_memory=False,
                encoding="utf-8-sig",
            )
    except (OSError, ValueError, csv_format.Error, pd.errors.ParserWarning) as error:
        raise DataError(f"{path}: cannot be read as a table: {error}") from None


def _check_complete(path: Path, table: pd.DataFrame) -> None:
    for name in table.columns:
        column = table[name]
        wrong = column.isna().to_numpy()
        what = "missing"
        if not wrong.any() and column.dtype.kind == "f":
            wrong, what = np.isinf(column.to_numpy()), "infinite"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0]) + 1
            raise DataError(
                f"{path}: column {str(name)!r} is {what} in row {row}, and in {int(wrong.sum())} "
                f"of {len(table)} rows in all; fill them in or leave the rows or the column out"
            )


def _column(path: Path, column: pd.Series) -> Array:
    """(n, 1) numbers, or (n, categories) of 0 and 1 in sorted order."""
    values = _values(column)
    if values.dtype.kind != "U":
        return values.astype(np.float64)[:, None]
    categories, codes = np.unique(values, return_inverse=True)
    if len(categories) > MOST_CATEGORIES:
        raise DataError(
            f"{path}: column {str(column.name)!r} has {len(categories)} different texts, such as "
            f"{str(categories[0])!r}; a category may have at most {MOST_CATEGORIES}, so leave an "
            "identifier out and mend a number that is not one"
        )
    one_hot: Array = np.eye(len(categories))[codes]
    return one_hot


def _values(column: pd.Series) -> Array:
    values = column.to_numpy()
    return values if values.dtype.kind in "biuf" else np.asarray(values, dtype=str)
