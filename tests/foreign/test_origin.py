"""Where the model of a stored run is built from: whose code is run, and what is said of it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hpstudy import sources, spec, study
from hpstudy.analysis.origin import Origin, origin
from hpstudy.spec.study import Spec
from hpstudy.store import Store

STUDY = """\
# Whose code is it?
name: own
data: {name: digits, validation: 0.2, test: 0.2}
model: {hypermodel: "nets.own:Net"}
training: {length: {epochs: 2}}
arms: {it: {train: as_built}}
search: {trials: 2}
"""
FIRST = "class Net: version = 1\n"


@dataclass(frozen=True)
class Ran:
    """A study whose runs had the code as it is now, with copies of it."""

    spec: Spec
    store: Store

    @property
    def files(self) -> Path:
        return Path(self.spec.path).parent

    @property
    def own(self) -> Path:
        return self.files / "nets" / "own.py"

    def origin(self, beside: str = "../../files") -> Origin:
        event = {"run": "r1", "config": dict(self.spec.cells[0].settings)}
        return origin(event, {"beside": beside}, self.store)


def ran(place: Path, reports: Path) -> Ran:
    (place / "files" / "nets").mkdir(parents=True)
    (place / "files" / "nets" / "__init__.py").write_text("import word_beside\n")
    (place / "files" / "nets" / "own.py").write_text(FIRST)
    (place / "files" / "word_beside.py").write_text("WORD = 1\n")
    path = place / "files" / "own.yaml"
    path.write_text(STUDY)
    one = spec.load(path, study.REGISTRIES)
    store = Store(reports / "own")
    sources.keep(store, sources.read(one))
    return Ran(one, store)


@pytest.fixture
def here(tmp_path: Path) -> Ran:
    return ran(tmp_path, tmp_path / "reports")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Each test imports anew."""
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in ("nets", "word_beside")]:
        del sys.modules[name]


def imported() -> tuple[int, int]:
    """The versions that Python has of the hypermodel and of what its package imports."""
    own, word = (importlib.import_module(name) for name in ("nets.own", "word_beside"))
    return own.Net.version, word.WORD


def test_the_code_beside_the_study_file_is_taken_without_a_word(here: Ran) -> None:
    assert (here.origin().source.root, here.origin().doubt) == (here.files, None)


def test_modules_are_imported_anew_and_those_before_put_back(
    here: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(here.files))
    assert imported() == (1, 1)
    before = {name: sys.modules[name] for name in ("nets", "nets.own", "word_beside")}
    here.own.write_text(FIRST.replace("1", "22"))
    (here.files / "word_beside.py").write_text("WORD = 22\n")
    now = Ran(spec.load(here.spec.path, study.REGISTRIES), here.store)
    assert now.origin().doubt is None
    with now.origin().importable():
        assert imported() == (22, 22)
    assert before == {name: sys.modules[name] for name in before}


def test_modules_that_had_none_before_them_stay_but_for_a_copys(here: Ran) -> None:
    with replace(here.origin("source"), doubt="a copy").importable():
        assert imported() == (1, 1)
    assert not {"nets", "nets.own", "word_beside"} & {*sys.modules}
    with here.origin().importable():
        assert imported() == (1, 1)
    assert {"nets", "nets.own", "word_beside"} <= {*sys.modules}


def test_what_this_process_runs_on_is_never_imported_twice(here: Ran) -> None:
    (here.files / "hpstudy").mkdir()
    (here.files / "hpstudy" / "__init__.py").write_text("raise RuntimeError\n")
    (here.files / "word_beside.py").write_text("import hpstudy\nWORD = hpstudy.spec\n")
    with here.origin().importable():
        assert imported()[1] is spec
