"""A small world of registries, and a function that reads study text in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from hpstudy.errors import DataError, HpstudyError, SpecError
from hpstudy.spec import (
    DatasetDeclaration,
    DataShape,
    DriverDeclaration,
    ModelDeclaration,
    Parameter,
    Registries,
    Spec,
    load,
)

SCALE = Parameter("scale", "choice", "standard", "", options=("standard", "none"))
FILE = (
    Parameter("path", "text", None, ""),
    Parameter("target", "any", None, ""),
    Parameter("task", "choice", None, "", options=("classification", "regression")),
)
STUDY = """\
# Does it work?
name: tiny
data: {name: toy, validation: 0.2, test: 0.2}
model: {type: net, depth: 2}
training:
  length: {epochs: 10}
  learning_rate: {float: [0.01, 1], log: true}
arms:
  full: {train: all}
  norm: {train: batchnorm}
"""


def read_file(options: dict[str, object]) -> SimpleNamespace:
    if str(options["path"]).endswith("bad.csv"):
        raise DataError("bad.csv: has no column 'a' (data.target)")
    return SimpleNamespace(task="regression")


def check(kind: str, name: str, given: dict[str, object]) -> None:
    if set(given) - {"factor"}:
        raise HpstudyError(f"{name} takes factor")


def make_registries(missing: str | None = None) -> Registries:
    net = ModelDeclaration(
        name="net",
        doc="a network",
        parameters=(
            Parameter("depth", "int", 2, "layers", 1),
            Parameter("width", "int", 16, "units", 1),
            Parameter("stages", "int", 14, "", 8, step=6),
            Parameter("normalisation", "choice", "batch", "", options=("batch", "none")),
            Parameter(
                "gamma_initializer",
                "number_or_choice",
                "ones",
                "",
                options=("ones", "uniform"),
                when={"normalisation": ("batch",)},
            ),
            Parameter("dropout", "float", 0.0, "", 0, 1, open_high=True),
        ),
        tensors=lambda config, shape: (),
        build="nowhere:build",
    )
    shape = DataShape((4,), "classification", 3)
    return Registries(
        datasets={
            "toy": DatasetDeclaration("toy", "", "nowhere:load", shape, 1000, options=(SCALE,)),
            "official": DatasetDeclaration("official", "", "nowhere:load", shape, 1000, 200),
            "numbers": DatasetDeclaration(
                "numbers", "", "nowhere:load", DataShape((4,), "regression", 1), 1000
            ),
            "pictures": DatasetDeclaration(
                "pictures", "", "nowhere:load", DataShape((8, 6, 1), "classification", 3), 1000
            ),
            "file": DatasetDeclaration(
                "file", "", f"{__name__}:read_file", None, None, options=FILE
            ),
        },
        hypermodels={"net": net},
        subsets=dict.fromkeys(
            ("all", "none", "batchnorm", "gamma", "beta", "output", "random"), "words"
        ),
        drivers={
            "optuna": DriverDeclaration(
                "optuna",
                "",
                samplers=dict.fromkeys(("random", "tpe", "grid"), ""),
                pruners=dict.fromkeys(("none", "median", "asha"), ""),
                build="nowhere:build",
                several=("random", "tpe"),
                missing=lambda sampler, pruner: missing,
                check=check,
            ),
            "tuner": DriverDeclaration(
                "tuner",
                "",
                samplers=dict.fromkeys(("random", "grid"), ""),
                pruners={"none": ""},
                build="nowhere:build",
                word="oracle",
                default="random",
                refuses=lambda cell, engine: (
                    "3 trials are too few" if cell.search.trials == 3 else None
                ),
            ),
        },
    )


Read = Callable[..., Spec]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads study text; by default the text of STUDY with some of it replaced."""
    monkeypatch.setitem(__import__("sys").modules, __name__, SimpleNamespace(read_file=read_file))

    def reading(
        text: str = STUDY,
        *replaced: tuple[str, str],
        variant: str | None = None,
        edits: Sequence[str] = (),
        missing: str | None = None,
    ) -> Spec:
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "tiny.yaml"
        path.write_text(text)
        return load(path, make_registries(missing), variant, edits)

    return reading


@pytest.fixture
def problems(read: Read) -> Callable[..., list[str]]:
    """The mistakes in study text, each as 'line:column: message', or '--set ...: message'."""

    def telling(text: str = STUDY, *replaced: tuple[str, str], **options: object) -> list[str]:
        with pytest.raises(SpecError) as caught:
            read(text, *replaced, **options)
        return [str(problem).split("tiny.yaml:")[-1] for problem in caught.value.problems]

    return telling


@pytest.fixture
def study() -> str:
    return STUDY
