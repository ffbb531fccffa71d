"""A user's own .npz and .csv files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpstudy.data import Examples, load, raw, sizes
from hpstudy.errors import DataError
from hpstudy.spec.space import Scalar
from hpstudy.spec.study import Data

LABELS = np.tile([3, 7], 20)
PICTURES = np.arange(40 * 6, dtype=np.uint8).reshape(40, 2, 3)


def at(path: Path, test: float | None = 0.2, **options: Scalar) -> Data:
    return Data("file", 0.2, test, 1, {"path": str(path), **options})


def npz(folder: Path, **arrays: Any) -> Path:
    path = folder / "own.npz"
    np.savez(path, **arrays)
    return path


def table(folder: Path, text: str) -> Path:
    path = folder / "own.csv"
    path.write_text(text)
    return path


def rows(header: str, *lines: str) -> str:
    return "\n".join((header, *lines)) + "\n"


def test_npz_images_get_a_channel_axis_and_labels_become_ids(tmp_path: Path) -> None:
    data = at(npz(tmp_path, x=PICTURES, y=LABELS))
    split = load(data)
    assert split.shape.input_shape == (2, 3, 1)
    assert split.classes == ("3", "7")
    assert sorted(np.unique(split.y_train)) == [0, 1]
    assert (sizes(data).train, sizes(data).validation, sizes(data).test) == (24, 8, 8)


def test_npz_official_test_split_is_kept(tmp_path: Path) -> None:
    words = np.where(LABELS == 3, "cat", "dog")
    path = npz(tmp_path, x=PICTURES, y=words, x_test=PICTURES[:4], y_test=words[:4])
    split = load(at(path, test=None, scale="none"))
    assert split.x_test[..., 0].tolist() == PICTURES[:4].astype(float).tolist()
    assert split.y_test.tolist() == [0, 1, 0, 1]
    assert split.classes == ("cat", "dog")
    assert sizes(at(path, test=None)).test == 4


def test_npz_regression_keeps_its_official_targets(tmp_path: Path) -> None:
    y = np.linspace(0, 5, 40)[:, None]
    path = npz(tmp_path, x=np.arange(80.0).reshape(40, 2), y=y, x_test=[[1.0, 2]], y_test=[2.5])
    split = load(at(path, test=None))
    assert split.shape.task == "regression"
    assert split.y_test * split.target_scale + split.target_shift == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": PICTURES}, "holds the arrays x; x and y are expected"),
        ({"x": PICTURES, "y": LABELS, "z": LABELS}, "holds the arrays x, y, z; x and y are"),
        ({"x": PICTURES, "y": LABELS[:5]}, r"y has the shape \(5,\) .* 40 labels or numbers"),
        (
            {"x": PICTURES, "y": np.eye(10)[LABELS]},
            r"one for each example; save one-hot labels as np\.argmax\(y, axis=1\)",
        ),
        ({"x": LABELS, "y": LABELS}, r"x has the shape \(40,\) and type int64; numbers are exp"),
        ({"x": PICTURES.astype(str), "y": LABELS}, "x has .* type <U3; numbers are expected"),
        (
            {"x": np.where(PICTURES == 9, np.nan, PICTURES), "y": LABELS},
            r"x\[1, 1, 0\] is nan, one of 1 values that are missing or infinite",
        ),
        (
            {"x": PICTURES, "y": LABELS, "x_test": PICTURES[:, :1], "y_test": LABELS},
            r"an example of x_test has the shape \(1, 3, 1\); one of x has \(2, 3, 1\)",
        ),
        (
            {"x": PICTURES, "y": LABELS, "x_test": PICTURES, "y_test": LABELS + 1},
            "the test split has class 4, .* those have 3, 7",
        ),
    ],
)
def test_npz_mistakes_are_told(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(at(npz(tmp_path, **arrays), test=None if "x_test" in arrays else 0.2))


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"own\.npz: cannot be read as \.npz without pickles"):
        load(at(npz(tmp_path, x=PICTURES, y=np.array([{}] * 40, dtype=object))))


def test_csv_text_columns_become_one_column_a_category(tmp_path: Path) -> None:
    text = rows("size,colour,fruit", *["1.5,red,apple", "2,green,pear", "3,blue,apple"] * 10)
    split = load(at(table(tmp_path, text), target="fruit", scale="none"))
    assert split.shape.input_shape == (4,)
    assert split.classes == ("apple", "pear")
    seen = {tuple(row) for row in split.x_train.tolist()}
    # size, then blue, green, red
    assert seen == {(1.5, 0, 0, 1), (2, 0, 1, 0), (3, 1, 0, 0)}


@pytest.mark.parametrize(
    ("values", "task", "outputs"),
    [
        (["a", "b"], "classification", 2),
        (["True", "False"], "classification", 2),
        ([str(i) for i in range(20)], "classification", 20),
        ([f"{i}.0" for i in range(20)], "classification", 20),
        ([str(i) for i in range(21)], "regression", 1),
        (["0.5", "1"], "regression", 1),
    ],
)
def test_the_task_follows_from_the_target(
    tmp_path: Path, values: list[str], task: str, outputs: int
) -> None:
    text = rows("x,y", *[f"{i},{value}" for i, value in enumerate(values * 2)])
    found = raw(at(table(tmp_path, text), target="y"))
    assert (found.task, found.outputs) == (task, outputs)


def test_task_overrides_the_rule(tmp_path: Path) -> None:
    path = table(tmp_path, rows("x,y", *[f"{i},{i % 3}" for i in range(30)]))
    assert raw(at(path, target="y")).task == "classification"
    asked: Examples = raw(at(path, target="y", task="regression"))
    assert asked.task == "regression" and asked.y.dtype == np.float64


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "a,b\n1,x\n",
            {},
            r"data\.target: is missing; name the column of own\.csv to predict; it has a, b$",
        ),
        (
            "age,price\n1,2\n",
            {"target": "prise"},
            r"no column 'prise', did you mean 'price'\? \(data\.target\); it has age, price",
        ),
        (
            f"{','.join(f'p{i}' for i in range(64))},Label\n",
            {"target": "lable"},
            r"no column 'lable', did you mean 'Label'\? \(data\.target\); it has 65 columns: "
            r"p0, p1, p2, p3, p4, p5, \.\.\., Label$",
        ),
        (
            "size_a,size_b,y\n1,2,3\n",
            {"target": "size"},
            r"no column 'size', did you mean 'size_[ab]' or 'size_[ab]'\? .* size_a, size_b, y$",
        ),
        (
            "age,y\n1,a\n2,b\n,b\n?,b\n",
            {"target": "y"},
            "column 'age' is missing in row 3, line 4 of the file, and in 2 of 4 rows in all; fill",
        ),
        (
            "age,height,sex,y\n1,,f,a\n2,3,?,b\n",
            {"target": "y"},
            r"column 'height' is missing in row 1, .* in all \(likewise 'sex'\); fill them in",
        ),
        ("age,y\n1,a\n2,\n", {"target": "y"}, "column 'y' is missing in row 2"),
        ("age,y\n1,a\ninf,b\n", {"target": "y"}, "column 'age' is infinite in row 2"),
        ("age,age,y\n1,2,3\n", {"target": "y"}, "column 'age' appears more than once"),
        ("age,y\n1,2\n1,2,3\n", {"target": "y"}, "cannot be read as a table: .* 3"),
        ("age,y\n1,2,3\n1,2,3\n", {"target": "y"}, "cannot be read as a table"),
        ("", {"target": "y"}, "cannot be read as a table"),
        ("y\n1\n", {"target": "y"}, "has 1 columns and 1 rows below its header"),
        ("a,y\n", {"target": "y"}, "has 2 columns and 0 rows below its header"),
        (
            "a,y\n" + "".join(f"id{i},0\n" for i in range(300)),
            {"target": "y"},
            "column 'a' has 300 different texts, such as 'id0'; a category may have at most 256",
        ),
        # an index that was saved with its table, in order or not, and what others call one
        (
            ",a,y\n1,5,p\n0,7,q\n2,5,p\n",
            {"target": "y"},
            r"column without a name tells each row apart \(1, 0, 2, \.\.\.\), .*; leave it out, as "
            r"to_csv\(\.\.\., index=False\) does, or name it if it measures something$",
        ),
        (
            "Unnamed: 0,a,y\n0,5,p\n1,7,q\n2,5,p\n",
            {"target": "y"},
            r"the column without a name tells each row apart \(0, 1, 2, \.\.\.\)",
        ),
        (
            "a,y,Id\n5,p,17\n7,q,3\n5,p,19\n",
            {"target": "y"},
            r"column 'Id' tells each row apart \(17, 3, 19, \.\.\.\), .*; leave it out, or rename",
        ),
        (
            "a,y\n1,3\n2,4\n3,5\n4,5\n",
            {"target": "y"},
            "column 'y' holds 3 different whole numbers, of which 2, such as 3, occur once in 4 "
            "examples; write task: regression where they are a quantity, task: classification",
        ),
        (
            "a;y\n1,5;p\n2;q\n",
            {"target": "y"},
            r"separated by ';': write separator: semicolon \(data\.separator\); .* header 'a;y'$",
        ),
        ("a;b, c;y\n1;2;p\n", {"target": "y"}, "separated by ';': write separator: semicolon"),
        ("a\ty\n1\tp\n", {}, "separated by a tab: write separator: tab"),
        (
            "a,y\n1,p\n",
            {"target": "y", "separator": "semicolon"},
            "separated by ',': write separator: comma",
        ),
        (
            "a;y\n1,5;p\n2;q\n",
            {"target": "y", "separator": "semicolon"},
            "column 'a' holds numbers with a comma, such as '1,5', which are read as text; save",
        ),
        (
            "a,y\n1,p\n",
            {"target": "y", "separator": "|"},
            r"data\.separator: must be one of comma, semicolon, tab; saw '|'",
        ),
        (
            "a,y\n1,red\n2,blue\n",
            {"target": "y", "task": "regression"},
            "column 'y' holds text such as 'red'; regression needs numbers",
        ),
        (
            "a,y\n1,2\n",
            {"target": "y", "task": "ranking"},
            r"data\.task: must be classification or regression; saw 'ranking'",
        ),
    ],
)
def test_csv_mistakes_are_told(
    tmp_path: Path, text: str, options: dict[str, Scalar], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        load(at(table(tmp_path, text), **options))


@pytest.mark.parametrize(("word", "mark"), [("semicolon", ";"), ("tab", "\t")])
def test_a_csv_may_have_another_separator(tmp_path: Path, word: str, mark: str) -> None:
    text = rows("size,colour,fruit", *["1.5,red,apple", "2,green,pear"] * 10)
    comma = raw(at(table(tmp_path, text), target="fruit"))
    other = at(table(tmp_path, text.replace(",", mark)), target="fruit", separator=word)
    assert raw(other).digest() == comma.digest()


def test_a_column_of_numbers_may_be_called_id_or_rise(tmp_path: Path) -> None:
    # what repeats, or has a name of its own, may say something
    text = rows("id,time,y", *[f"{i // 2},{i},{'pq'[i % 2]}" for i in range(20)])
    assert raw(at(table(tmp_path, text), target="y")).shape.input_shape == (2,)


def test_what_load_refuses_of_a_file_sizes_refuse(tmp_path: Path) -> None:
    for members, told in (
        ([38, 2], "class '1' has 2 of 40 examples and none is left to train on"),
        ([39, 1], "y holds 2 different whole numbers, of which 1, such as 1, occurs once in 40"),
    ):
        y = np.repeat([0, 1], members)
        data = Data("file", 0.4, 0.55, 1, {"path": str(npz(tmp_path, x=PICTURES, y=y))})
        for function in (sizes, load):
            with pytest.raises(DataError, match=told):
                function(data)


def test_a_class_of_one_example_may_train(tmp_path: Path) -> None:
    y = np.repeat([0, 1], [39, 1])
    official = {"x_test": PICTURES[:4], "y_test": y[:4]}
    path = npz(tmp_path, x=PICTURES, y=np.where(y, "rare", "usual"))
    assert load(at(path)).y_train.tolist().count(0) == 1
    path = npz(tmp_path, x=PICTURES, y=y, **official)
    assert load(at(path, test=None, task="classification")).y_train.tolist().count(1) == 1
    assert load(at(path, test=None, task="regression")).shape.task == "regression"


def test_paths_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.path: is missing"):
        load(Data("file", 0.2, 0.2, 1))
    with pytest.raises(DataError, match="no.csv: there is no such file"):
        load(at(tmp_path / "no.csv", target="y"))
    other = tmp_path / "own.parquet"
    other.touch()
    with pytest.raises(DataError, match=r"\.parquet is not read; \.npz and \.csv are"):
        load(at(other, target="y"))
    with pytest.raises(DataError, match=r"data\.target: is for \.csv files"):
        load(at(npz(tmp_path, x=PICTURES, y=LABELS), target="y"))
