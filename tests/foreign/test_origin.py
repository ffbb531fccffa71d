"""Where the model of a stored run is built from: whose code is run, and what is said of it."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hpstudy import sources, spec, study
from hpstudy.analysis.origin import Origin, origin
from hpstudy.errors import StoreError
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

    def origin(self, beside: str | None = "../../files", folder: Path | None = None) -> Origin:
        event = {"run": "r1", "config": dict(self.spec.cells[0].settings)}
        told = {} if beside is None else {"beside": beside}
        return origin(event, told, self.store if folder is None else Store(folder))


def ran(place: Path, reports: Path) -> Ran:
    (place / "files" / "nets").mkdir(parents=True)
    (place / "files" / "nets" / "__init__.py").write_text("import word_beside\n")
    (place / "files" / "nets" / "own.py").write_text(FIRST)
    (place / "files" / "word_beside.py").write_text("WORD = 1\n")
    path = place / "files" / "own.yaml"
    path.write_text(STUDY)
    one = spec.load(path, study.REGISTRIES)
    store = Store(reports / "own")
    sources.keep(store, one, sources.read(one))
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


@pytest.mark.parametrize("beside", ["source", ".", "../own/./source", None])
def test_nothing_in_the_studys_folder_is_run_without_a_warning(
    beside: str | None, here: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(here.files, here.store.folder, dirs_exist_ok=True)
    found = here.origin(beside)
    copies = here.store.folder / "source"
    assert found.source.root == copies
    assert found.doubt is not None and f"running the copy in {copies}" in found.doubt
    shutil.rmtree(copies)
    monkeypatch.chdir(here.store.folder)
    monkeypatch.syspath_prepend(str(here.store.folder))
    found = here.origin(beside)
    assert found.source.root == here.store.folder
    assert found.doubt is not None and "lies in the study's folder itself" in found.doubt
    assert found.doubt.endswith(f"running the copy in {here.store.folder}")
    (here.store.folder / "nets" / "own.py").write_text(FIRST.replace("1", "22"))
    found = here.origin(beside)
    assert found.doubt is not None and found.doubt.startswith("nets/own.py changed since run r1")
    assert found.doubt.endswith(f"running the copy in {here.store.folder}")


def test_a_link_into_the_studys_folder_is_no_way_around_the_warning(here: Ran) -> None:
    linked = here.files.with_name("linked")
    linked.symlink_to(here.store.folder / "source")
    assert here.origin("../../linked").doubt is not None
    linked.unlink()
    shutil.copytree(here.files, linked)
    assert here.origin("../../linked").doubt is None
    (linked / "word_beside.py").unlink()
    (linked / "word_beside.py").symlink_to(here.store.folder / "source" / "word_beside.py")
    assert here.origin("../../linked").doubt is not None


def test_a_folder_of_an_earlier_version_is_no_place_for_code(here: Ran) -> None:
    shutil.rmtree(here.store.folder / "source")
    shutil.copytree(here.files, here.store.folder, dirs_exist_ok=True)
    with pytest.raises(StoreError, match="not where Python .* did not record .* has no copy of it"):
        here.origin(None)


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
    with here.origin("source").importable():
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


@pytest.mark.parametrize("relative", [False, True])
def test_the_code_is_found_from_a_folder_that_is_a_link(
    relative: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, far = tmp_path / "place", tmp_path / "far" / "away" / "reports"
    far.mkdir(parents=True)
    place.mkdir()
    (place / "reports").symlink_to(far)
    monkeypatch.chdir(place)
    here = ran(place, Path("reports") if relative else place / "reports")
    beside = sources.beside(here.store, here.spec)
    assert (here.origin(beside).source.root, here.origin(beside).doubt) == (here.files, None)


def test_the_code_is_found_where_a_link_in_its_way_is_followed(tmp_path: Path) -> None:
    here = ran(tmp_path, tmp_path / "reports")
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    (elsewhere / "linked").symlink_to(here.store.folder)
    found = here.origin(folder=elsewhere / "linked")
    assert (found.source.root, found.doubt) == (here.files, None)


def test_code_that_no_longer_parses_is_not_called_absent(here: Ran) -> None:
    here.own.write_text("class Net(:\n")
    doubt = here.origin().doubt
    assert doubt is not None and doubt.startswith("own.py, line 1 is not valid Python: ")
    assert "running the copy in" in doubt
    here.own.write_text("class Other: ...\n")
    doubt = here.origin().doubt
    assert doubt is not None and doubt.startswith("own.py has no Net; ")
    (here.store.folder / "source" / "nets" / "own.py").write_text("\nclass Net(:\n")
    said = r"own\.py has no Net; .* its copy in .*/source cannot be run: own\.py, line 2 is not"
    with pytest.raises(StoreError, match=said):
        here.origin()
    here.own.unlink()
    (here.files / "nets" / "__init__.py").unlink()
    (here.files / "nets").rmdir()
    with pytest.raises(StoreError, match=r"neither beside the study file .*own\.py, line 2 is not"):
        here.origin()
