"""A `.csv` table as numbers: text columns become one column for each category."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from hpstudy.data.commas import check_commas
from hpstudy.data.examples import Array, Examples, labelled
from hpstudy.data.header import SEPARATORS, check_header, line_of, listed, unreadable
from hpstudy.data.targets import Task, as_numbers, guessed_task
from hpstudy.errors import DataError

MISSING = ("", "?", "NA", "N/A", "NaN", "nan", "null", "NULL")
MOST_CATEGORIES = 256
# what a column is called that says no more than which row it is
NUMBERS = ("index", "id", "row", "rowid", "row_id", "rowname", "rownames")


def csv(path: Path, target: str | None, asked: Task | None, separator: str = "comma") -> Examples:
    """Examples from a table whose first line names the columns; `target` is the one to predict.

    Rows are numbered from 1 below the header. Missing and infinite values are errors, and so is a
    column without a name, or of one in NUMBERS, of whole numbers that never repeat: it tells each
    row apart, and in a sorted table the target with it.
    """
    check_header(path, separator, target)
    mark = SEPARATORS[separator]
    table = _read(path, mark)
    if len(table.columns) < 2 or table.empty:
        raise DataError(
            f"{path}: has {len(table.columns)} columns and {len(table)} rows below its header; "
            "the target, one more column and one row are the least"
        )
    inputs = table.drop(columns=target)
    _check_complete(path, table, mark)
    _check_unnumbered(path, inputs)
    check_commas(path, table, mark)
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
        raise unreadable(path, error) from None


def _check_unnumbered(path: Path, inputs: pd.DataFrame) -> None:
    for name in inputs.columns:
        plain, column = str(name).strip().lower(), inputs[name]
        unnamed = plain.startswith("unnamed: ")
        if (unnamed or plain in NUMBERS) and column.dtype.kind in "iu" and column.is_unique:
            what = "without a name" if unnamed else f"{str(name)!r}"
            leave = "leave it out" + ", as to_csv(..., index=False) does" * unnamed
            name_it = "name it" if unnamed else "rename it"
            raise DataError(
                f"{path}: the column {what} tells each row apart "
                f"({', '.join(map(str, column[:3]))}, ...), and may give the target away, as "
                f"where the rows are sorted by it; {leave}, or {name_it} if it measures something"
            )


def _check_complete(path: Path, table: pd.DataFrame, mark: str) -> None:
    told: list[tuple[str, str, int, int]] = []
    for name in table.columns:
        column = table[name]
        wrong = column.isna().to_numpy()
        what = "missing"
        if not wrong.any() and column.dtype.kind == "f":
            wrong, what = np.isinf(column.to_numpy()), "infinite"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0]) + 1
            told.append((repr(str(name)), what, row, int(wrong.sum())))
    if told:
        (first, what, row, times), *others = told
        line = line_of(path, mark, row, len(table))
        place = f"row {row}" + (f", line {line} of the file" if line else "")
        alike = listed([name for name, kind, *_ in others if kind == what])
        unlike = listed([name for name, kind, *_ in others if kind != what])
        more = [f"likewise {alike}"] * bool(alike)
        more += [f"{'missing' if what == 'infinite' else 'infinite'} in {unlike}"] * bool(unlike)
        aside = f" ({'; '.join(more)})" if more else ""
        raise DataError(
            f"{path}: column {first} is {what} in {place}, and in {times} of {len(table)} rows in "
            f"all{aside}; fill them in or leave the rows or the "
            f"{'columns' if others else 'column'} out"
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
