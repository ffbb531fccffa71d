"""A `.csv` table as numbers: text columns become one column for each category."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from hpstudy.data.examples import Array, Examples, labelled
from hpstudy.data.header import SEPARATORS, header, listed
from hpstudy.data.targets import Task, as_numbers, guessed_task
from hpstudy.errors import DataError

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")
MOST_CATEGORIES = 256
COMMAS = r"[-+]?\d+(,\d+)*"  # of a number in other countries, or of one with its thousands apart
# what a column is called that says no more than which row it is
NUMBERS = ("index", "id", "row", "rowid", "row_id", "rowname", "rownames")


def csv(path: Path, target: str | None, asked: Task | None, separator: str = "comma") -> Examples:
    """Examples from a table whose first line names the columns; `target` is the one to predict.

    Rows are numbered from 1 below the header. Missing and infinite values are errors, and so is a
    column that numbers the rows, which tells their order and often the target with it.
    """
    header(path, separator, target)
    table = _read(path, SEPARATORS[separator])
    if len(table.columns) < 2 or table.empty:
        raise DataError(
            f"{path}: has {len(table.columns)} columns and {len(table)} rows below its header; "
            "the target, one more column and one row are the least"
        )
    inputs = table.drop(columns=target)
    _check_complete(path, table)
    _check_unnumbered(path, inputs)
    _check_points(path, table)
    x = np.column_stack([_column(path, inputs[name]) for name in inputs.columns])
    y = _values(table[target])
    where = f"{path}: column {target!r}"
    task = asked or guessed_task(y, where)
    if task == "classification":
        return labelled(x, y)
    return Examples(x, as_numbers(y, where), task, 1)


def _read(path: Path, mark: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            # a row longer than the header: pandas warns and drops the rest
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                path,
                sep=mark,
                index_col=False,
                keep_default_na=False,
                na_values=list(MISSING),
                low_memory=False,
                encoding="utf-8-sig",
            )
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        raise DataError(f"{path}: cannot be read as a table: {error}") from None


def _check_unnumbered(path: Path, inputs: pd.DataFrame) -> None:
    for name in inputs.columns:
        plain, column = str(name).strip().lower(), inputs[name]
        unnamed = plain.startswith("unnamed: ")
        if (unnamed or plain in NUMBERS) and column.dtype.kind in "iu" and column.is_unique:
            what = "without a name" if unnamed else f"{str(name)!r}"
            how = ", as to_csv(..., index=False) does"
            how = how if unnamed else ", or rename it if it measures something"
            raise DataError(
                f"{path}: the column {what} numbers the rows ({', '.join(map(str, column[:3]))}, "
                f"...), and their order may give the target away; leave it out{how}"
            )


def _check_complete(path: Path, table: pd.DataFrame) -> None:
    told: dict[str, str] = {}
    for name in table.columns:
        column = table[name]
        wrong = column.isna().to_numpy()
        what = "missing"
        if not wrong.any() and column.dtype.kind == "f":
            wrong, what = np.isinf(column.to_numpy()), "infinite"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0]) + 1
            rows = f"row {row}, and in {int(wrong.sum())} of {len(table)} rows in all"
            told[repr(str(name))] = f"{what} in {rows}"
    if told:
        (first, say), *others = told.items()
        more = f" (likewise {listed([name for name, _ in others])})" if others else ""
        raise DataError(
            f"{path}: column {first} is {say}{more}; fill them in or leave the rows or the "
            f"{'columns' if others else 'column'} out"
        )


def _check_points(path: Path, table: pd.DataFrame) -> None:
    """Raise DataError for numbers that are text since they are written with a comma."""
    for name in table.columns:
        if table[name].dtype.kind in "biuf":
            continue
        values = table[name].astype(str)
        if values.str.fullmatch(COMMAS).all():
            seen = values[values.str.contains(",")]
            if len(seen):
                raise DataError(
                    f"{path}: column {str(name)!r} holds numbers with a comma, such as "
                    f"{seen.iloc[0]!r}, which are read as text; write 1.5 for 1,5, as "
                    "to_csv(..., decimal='.') does, and 1000 for 1,000"
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
