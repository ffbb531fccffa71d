"""How a .csv file is written: its separator, its header, its numbers and its encoding."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from hpstudy.data import DATASETS, raw
from hpstudy.errors import DataError
from hpstudy.spec.space import Scalar
from hpstudy.spec.study import Data

NONE_OF = "by none of what data.separator allows: comma, semicolon, tab; save it with one of them"


def at(path: Path, **options: Scalar) -> Data:
    return Data("file", 0.2, 0.2, 1, {"path": str(path), **options})


def table(folder: Path, text: str) -> Path:
    path = folder / "own.csv"
    path.write_text(text, newline="")
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_quoted_name_may_have_several_lines(tmp_path: Path, end: str) -> None:
    lines = ['"Height\n(cm)",kind', *["1,p", "2,q"] * 4, ""]
    assert raw(at(table(tmp_path, end.join(lines)), target="kind")).names == ("p", "q")
    path = table(tmp_path, end.join(lines).replace(",", ";"))
    with pytest.raises(DataError, match="separated by ';': write separator: semicolon"):
        raw(at(path, target="kind"))
    with pytest.raises(DataError, match="no column 'knid', did you mean 'kind'?"):
        raw(at(path, target="knid", separator="semicolon"))


@pytest.mark.parametrize(
    ("header", "target", "told"),
    [
        ('"a, b";"y"', "y", "write separator: semicolon"),
        ('"a, b";"y"', None, "write separator: semicolon"),
        ("a|b|y", "y", f"{NONE_OF}; saw the header 'a|b|y'"),
        ("a b  y", None, NONE_OF),
        ("size", "y", "has no column 'y'"),
        (",size", "", "data.target: is missing; name the column of own.csv to predict"),
    ],
)
def test_what_stands_between_the_columns_is_told(
    tmp_path: Path, header: str, target: str | None, told: str
) -> None:
    options = {} if target is None else {"target": target}
    with pytest.raises(DataError, match=re.escape(told)):
        raw(at(table(tmp_path, f"{header}\n1\n"), **options))


def test_each_separator_that_is_offered_is_read(tmp_path: Path) -> None:
    marks = {"comma": ",", "semicolon": ";", "tab": "\t"}
    (option,) = (one for one in DATASETS["file"].options if one.name == "separator")
    assert set(option.options) == set(marks)
    for word, mark in marks.items():
        path = table(tmp_path, f"a{mark}y\n" + f"1{mark}p\n2{mark}q\n" * 3)
        assert raw(at(path, target="y", separator=word)).x.shape == (6, 1)


def test_lines_of_blanks_before_the_header_are_skipped(tmp_path: Path) -> None:
    path = table(tmp_path, "\n  \n \t \na,y\n" + "1,p\n2,q\n" * 3)
    assert raw(at(path, target="y")).x.shape == (6, 1)


@pytest.mark.parametrize("rows", [1, 9000])
def test_a_table_of_another_encoding_is_told(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "own.csv"
    path.write_bytes(b"a,y\n" + b"1,p\n" * rows + "2,é\n".encode("latin-1"))
    with pytest.raises(DataError, match="cannot be read as a table: .*; save it as UTF-8"):
        raw(at(path, target="y"))


@pytest.mark.parametrize(("word", "mark"), [("comma", ","), ("semicolon", ";"), ("tab", "\t")])
@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        (["1,234.56", "99"], [1234.56, 99]),
        (["1.234,56", "99"], [1234.56, 99]),
        (["1.234.567,5", ",5"], [1234567.5, 0.5]),
        ([",5", "-1,5"], [0.5, -1.5]),
        (["1,5e-3", "2"], [0.0015, 2]),
        ([" 1,5", "2,25"], [1.5, 2.25]),
        (["1,234,567", "5"], [1234567, 5]),
        # either may be meant
        (["1,500", "2,250"], [1.5, 2.25]),
    ],
)
def test_a_table_of_numbers_with_a_comma_is_saved_anew_as_told(
    tmp_path: Path, written: list[str], numbers: list[float], word: str, mark: str
) -> None:
    rows = [f'"{value}"{mark}{"pq"[i % 2]}{mark}0\n' for i, value in enumerate(written * 3)]
    path = table(tmp_path, f"a{mark}y{mark}b\n{''.join(rows)}")
    data = at(path, target="y", separator=word)
    with pytest.raises(DataError, match="'a' holds numbers with a comma, such as ") as caught:
        raw(data)
    remedy = re.search(r"pd\.read_csv\(.*index=False\)", str(caught.value))
    assert remedy is not None
    eval(remedy[0], {"pd": pd, "path": path})
    np.testing.assert_allclose(raw(data).x[:, 0], numbers * 3)


def test_numbers_in_two_spellings_are_told(tmp_path: Path) -> None:
    path = table(tmp_path, "a;y\n1.5;p\n2,5;q\n")
    with pytest.raises(DataError, match="write all of them with a point"):
        raw(at(path, target="y", separator="semicolon"))


def test_labels_that_look_like_numbers_have_a_way_out(tmp_path: Path) -> None:
    text = "a;y\n" + "1,2;p\n1;q\n" * 3
    data = at(table(tmp_path, text), target="y", separator="semicolon")
    with pytest.raises(DataError, match=r"if they are labels, write them otherwise.* '1\+2'$"):
        raw(data)
    table(tmp_path, text.replace(",", "+"))
    assert raw(data).x.shape == (6, 2)
    # what is no number in any spelling is a label
    table(tmp_path, text + "1,2,3;p\n")
    assert raw(data).x.shape == (7, 3)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            "1,,2,inf,p\n,3,1,4,q\n",
            r"'a' is missing in row 2, .* \(likewise 'b'; infinite in 'd'\)",
        ),
        ("inf,1,,-inf,p\n2,3,1,4,q\n", r"'a' is infinite in .* \(likewise 'd'; missing in 'c'\)"),
    ],
)
def test_missing_and_infinite_columns_have_each_its_word(
    tmp_path: Path, rows: str, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        raw(at(table(tmp_path, f"a,b,c,d,y\n{rows}"), target="y"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,y\n1,p\n,q\n", "in row 2, line 3 of the file, and in 1 of 2 rows"),
        # lines that are skipped are lines of the file all the same
        ("\na,y\r\n1,p\r\n \r\n\r\n,q\r\n", "in row 2, line 6 of the file, and in 1 of 2 rows"),
        # a row may be more than a line, or not what it seems
        ('a,y\n1,"p\nq"\n,q\n', "in row 2, and in 1 of 2 rows"),
        ('a,y\n1,p\n""\n,q\n', "in row 2, and in 2 of 3 rows"),
    ],
)
def test_a_missing_value_is_told_with_the_line_where_rows_are_lines(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        raw(at(table(tmp_path, text), target="y"))
