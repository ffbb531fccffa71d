"""What a study file says of somebody's hypermodel: read and checked, never run."""

import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from hpstudy import spec, study
from hpstudy.errors import SpecError, StudyChanged
from hpstudy.spec.growth import cells_as_json, grown
from hpstudy.spec.source import SourceError, changed, source

STUDY = """\
# Does it run?
name: own
data: {{name: digits, validation: 0.2, test: 0.2}}
model: {{hypermodel: {hypermodel}{more}}}
training: {training}
arms: {{it: {{train: as_built}}}}
search: {{trials: 2{search}}}
"""
MODULE = "raise SystemExit('it was run')\n\ndef build_model(hp): ...\n"


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Any]:
    (tmp_path / "own.py").write_text(MODULE)

    def loaded(
        hypermodel: str = "own:build_model",
        more: str = "",
        training: str = "{length: {epochs: 2}}",
        search: str = "",
    ) -> Any:
        path = tmp_path / "study.yaml"
        text = STUDY.format(hypermodel=hypermodel, more=more, training=training, search=search)
        path.write_text(text)
        return spec.load(path, study.REGISTRIES)

    return loaded


def test_arguments_and_parameters_become_settings(load: Callable[..., Any]) -> None:
    more = ", args: {shape: [8, 8]}, hp: {units: {int: [1, 8]}, depth: {sweep: [1, 2]}}"
    one = load(more=more)
    assert [cell.name for cell in one.cells] == ["it depth=1", "it depth=2"]
    settings = one.cells[0].settings
    assert settings["model.type"] == "own:build_model"
    assert settings["model.args.shape"] == (8, 8)
    assert settings["model.hp.units"] == spec.IntRange(1, 8)
    assert settings["model.hp.depth"] == 1
    # what a compiled model decides is left to it
    assert "training.learning_rate" not in settings


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"hypermodel": "own:build_modle"}, "did you mean `build_model`?"),
        ({"hypermodel": "other:Model"}, "there is no other.py beside the study file"),
        ({"hypermodel": "own"}, 'it takes a module and a name in it, such as "my_module:MyHyper'),
        ({"hypermodel": "own.py:build_model"}, 'such as "own:build_model"'),
        ({"hypermodel": "own.build_model"}, 'such as "own:build_model"'),
        ({"hypermodel": "./own.py:build_model"}, 'such as "own:build_model"'),
        ({"more": ", type: mlp"}, "saw both, keep one"),
        ({"more": ", depth: 3"}, "unknown key in model: `depth`"),
        ({"more": ", hp: {units: {int: [8, 1]}}"}, "model.hp.units: the low end 8 is above"),
        ({"search": ", sampler: grid"}, "write {grid: {points: 5}}"),
        ({"search": ", driver: keras_tuner, oracle: grid"}, "are known only by running it"),
        ({"training": "{}", "search": ", pruner: hyperband"}, "every run needs the same number"),
        ({"training": "{}", "search": ", budget: {epochs: 9}"}, "before its hypermodel is run"),
        (
            {"training": "{length: {steps: 9}}", "search": ", budget: {epochs: 9}"},
            "or {steps: 600} with a batch_size",
        ),
    ],
)
def test_mistakes_are_told(changes: dict[str, str], told: str, load: Callable[..., Any]) -> None:
    with pytest.raises(SpecError) as error:
        load(**changes)
    assert told in str(error.value)
    assert "study.yaml:" in str(error.value)


def test_a_budget_that_cannot_be_is_told_once_and_where_it_is_given(
    load: Callable[..., Any], tmp_path: Path
) -> None:
    load(search=", budget: {epochs: 9}")
    path = tmp_path / "study.yaml"
    two = path.read_text().replace("it: {", "that: {train: all}, it: {")
    path.write_text(two.replace("length: {epochs: 2}", ""))
    with pytest.raises(SpecError) as error:
        spec.load(path, study.REGISTRIES)
    (told,) = error.value.problems
    assert (told.line, told.message[:20]) == (7, "search.budget.epochs")


def test_a_name_that_a_module_lacks_is_told_with_those_that_it_defines(tmp_path: Path) -> None:
    text = "import keras\nfrom keras_tuner import HyperModel\nUNITS = 8\n\ndef units(n): ...\n"
    more = "\ndef build(hp): ...\n\nclass DigitsNet(HyperModel): ...\n"
    (tmp_path / "own.py").write_text(text + more)
    for word, hint in (("DigitNet", "did you mean `DigitsNet`? "), ("Net2", "")):
        with pytest.raises(SourceError) as error:
            source(f"own:{word}", tmp_path)
        assert str(error.value) == f"own.py has no {word}; {hint}allowed: DigitsNet, build"
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(SourceError, match="own.py has no DigitNet; it defines no class and no f"):
        source("own:DigitNet", tmp_path)
    (tmp_path / "broken.py").write_text("\nclass Net(:\n")
    with pytest.raises(SourceError, match=r"^broken.py, line 2 is not valid Python: [^<]*$"):
        source("broken:Net", tmp_path)
    # what is imported or made there can be a hypermodel too
    assert source("own:HyperModel", tmp_path) and source("own:UNITS", tmp_path)


SEARCH = "tuner = kt.Hyperband(build_model)\n{}tuner.search(x)\n"


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (SEARCH.format(""), 3),
        ("kt.RandomSearch(build_model).search(x)\n", 2),
        (SEARCH.format("if __name__ == '__main__':\n    "), None),
        ("def main():\n    kt.RandomSearch(build_model).search(x)\n", None),
        ("import re\nre.search('a', 'b')\n", None),
    ],
)
def test_a_module_that_searches_when_it_is_imported(
    script: str, line: int | None, load: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "script.py").write_text(f"def build_model(hp): ...\n{script}")
    if line is None:
        assert load("script:build_model").cells
    else:
        with pytest.raises(SpecError, match=rf"script\.py:{line} starts a search of its own"):
            load("script:build_model")


def test_validate_runs_nothing_of_it(load: Callable[..., Any], tmp_path: Path) -> None:
    load()
    command = [sys.executable, "-m", "hpstudy", "validate", str(tmp_path / "study.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    words = " ".join(done.stdout.split())
    assert "known only by running it" in words
    # what the file does not say is the hypermodel's to decide
    assert "training: length.epochs 2 " in words
    assert not any(name in words for name in ("augment", "early_stopping", "last_batch"))


@pytest.mark.parametrize(
    ("before", "after", "training", "told"),
    [
        ("", ", hp: {units: 8}", "", "model.hp.units changed: the hypermodel's own -> 8"),
        (", hp: {units: 8}", "", "", "model.hp.units changed: 8 -> the hypermodel's own"),
        ("", ", args: {n: 8}", "", "model.args.n: the hypermodel's own -> 8"),
        ("", "", ", batch_size: 32", "training.batch_size: the hypermodel's own -> 32"),
        ("", "", ", learning_rate: 0.5", "training.learning_rate: 0.01 -> 0.5"),
        ("", "", ", learning_rate: 0.01", ""),
    ],
)
def test_what_is_added_to_a_finished_study_counts(
    before: str, after: str, training: str, told: str, load: Callable[..., Any]
) -> None:
    events = []
    for more, given in ((before, ""), (after, training)):
        one = load(more=more, training=f"{{length: {{epochs: 2}}{given}}}")
        about = {"name": "own", "data": {}, "score": {}, "seed": 0, "confirm_seeds": 2}
        events.append({**about, "cells": cells_as_json(one.cells)})
    if "changed" in told or not told:
        assert told in "".join(grown(*events).restarted.values())
        assert bool(grown(*events).restarted) == bool(told)
    else:
        with pytest.raises(StudyChanged) as error:
            grown(*events)
        assert f"\n  {told}\n" in str(error.value)


def test_the_code_is_told_by_the_files_that_are_imported(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("from blocks import block\ndef build(hp): return block\n")
    (tmp_path / "blocks.py").write_text("block = 1  # one\n")
    (tmp_path / "other.py").write_text("unused = 1\n")
    first = source("own:build", tmp_path)
    assert [path.name for path in first.files] == ["blocks.py", "own.py"]
    (tmp_path / "blocks.py").write_text("# the same\nblock = 1\n")
    assert source("own:build", tmp_path) == first
    (tmp_path / "blocks.py").write_text("block = 2\n")
    second = source("own:build", tmp_path)
    assert changed(first.code, second.code) == "blocks.py changed"
    (tmp_path / "own.py").write_text("def build(hp): return 1\n")
    third = source("own:build", tmp_path)
    assert changed(second.code, third.code) == "blocks.py is no longer part of it, own.py changed"
    assert "an earlier version of hpstudy" in changed("0123456789abcdef", first.code)
    assert changed(third.code, second.code) == "blocks.py is new, own.py changed"


def test_an_installed_hypermodel_is_told_by_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = source("keras_tuner.applications:HyperResNet", tmp_path)
    assert installed.code == f"keras-tuner {metadata.version('keras-tuner')}"
    monkeypatch.setattr("importlib.metadata.version", lambda name: "9.0")
    newer = source("keras_tuner.applications:HyperResNet", tmp_path)
    assert changed(installed.code, newer.code).endswith(" -> 9.0")


def test_a_folder_on_the_path_is_told_by_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "library" / "somebodys_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "nets.py").write_text("def build(hp): ...\n")
    monkeypatch.syspath_prepend(str(package.parent))
    found = source("somebodys_package.nets:build", tmp_path)
    assert found.code.startswith("somebodys_package/nets.py ")
