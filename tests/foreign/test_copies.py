"""Copies of a hypermodel's code, from files that Python may not be able to parse."""

from __future__ import annotations

from pathlib import Path

import pytest

from hpstudy import sources, spec, study
from hpstudy.coordinator import Coordinator
from hpstudy.data import Split
from hpstudy.errors import HypermodelError
from hpstudy.progress import Silent
from hpstudy.spec.study import Spec
from hpstudy.store import Store

STUDY = """\
# Is its code kept?
name: own
data: {name: digits, validation: 0.2, test: 0.2}
model: {hypermodel: "nets.own:build_model"}
training: {length: {epochs: 2}}
arms: {it: {train: as_built}}
search: {trials: 2}
"""
LATIN = "# -*- coding: latin-1 -*-\nNAME = 'caf\xe9'\n".encode("latin-1")


@pytest.fixture
def one(tmp_path: Path) -> Spec:
    """A study of `nets/own.py`, whose package was never parsed to load it."""
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "__init__.py").write_bytes(LATIN)
    (tmp_path / "nets" / "own.py").write_text("def build_model(hp): ...\n")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return spec.load(path, study.REGISTRIES)


def kept(one: Spec, folder: Path) -> dict[str, str]:
    store = Store(folder)
    sources.keep(store, one, sources.read(one))
    return sources.kept(store)


def test_a_file_in_another_encoding_is_copied_with_what_it_imports(
    one: Spec, tmp_path: Path
) -> None:
    init = tmp_path / "nets" / "__init__.py"
    init.write_bytes(LATIN + b"from . import words\n")
    (tmp_path / "nets" / "words.py").write_text("")
    copies = kept(one, tmp_path / "reports")
    assert [*copies] == ["source/nets/__init__.py", "source/nets/own.py", "source/nets/words.py"]
    assert "(no longer valid Python)" not in copies.values()
    assert (tmp_path / "reports" / "source" / "nets" / "__init__.py").read_bytes().startswith(LATIN)


def test_a_helper_that_is_no_longer_imported_leaves_the_copies(one: Spec, tmp_path: Path) -> None:
    own, folder = tmp_path / "nets" / "own.py", tmp_path / "reports"
    plain = own.read_text()
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "dense.py").write_text("SIZE = 3\n")
    own.write_text(f"import blocks.dense\n{plain}")
    was = spec.load(tmp_path / "study.yaml", study.REGISTRIES)
    assert "source/blocks/dense.py" in kept(was, folder)
    (folder / "source" / "notes.txt").write_text("somebody's own")
    own.write_text(plain)
    code = was.cells[0].settings["model.code"]
    run = {"event": "run", "score": None, "config": {"model.code": code}}
    Store(folder).append(run, {**run, "config": {}, "score": 0.5})
    assert [*kept(one, folder)] == ["source/nets/__init__.py", "source/nets/own.py"]
    assert sorted(path.name for path in (folder / "source").iterdir()) == ["nets", "notes.txt"]
    # what a result was made by stays
    own.write_text(f"import blocks.dense\n{plain}")
    kept(was, folder)
    own.write_text(plain)
    Store(folder).append({**run, "score": 0.5})
    assert "source/blocks/dense.py" in kept(one, folder)


def test_a_study_is_loaded_with_a_hypermodel_in_another_encoding(one: Spec, tmp_path: Path) -> None:
    own, plain = tmp_path / "nets" / "own.py", one.cells[0].settings["model.code"]
    own.write_bytes(LATIN.replace(b"NAME", b"# NAME") + own.read_bytes())
    again = spec.load(tmp_path / "study.yaml", study.REGISTRIES)
    # what a comment says is no code, in any encoding
    assert again.cells[0].settings["model.code"] == plain


@pytest.mark.parametrize(
    "content", [b"print 'two'\n", b"NAME = '\xe9'\n", b"\0", b"# coding: no\n"]
)
def test_a_file_that_cannot_be_parsed_is_copied_all_the_same(
    content: bytes, one: Spec, tmp_path: Path
) -> None:
    (tmp_path / "nets" / "__init__.py").write_bytes(content)
    copies = kept(one, tmp_path / "reports")
    assert copies["source/nets/__init__.py"] == "(no longer valid Python)"
    assert (tmp_path / "reports" / "source" / "nets" / "__init__.py").read_bytes() == content


def test_code_that_is_lost_meanwhile_is_told_before_a_folder_is_begun(
    one: Spec, tmp_path: Path, digits: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, init = Store(tmp_path / "reports"), tmp_path / "nets" / "__init__.py"
    present = Path.read_bytes

    def lost(path: Path) -> bytes:
        if path == init:
            raise FileNotFoundError(2, "No such file or directory")
        return present(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lost)
        with pytest.raises(HypermodelError, match=r"/nets/__init__\.py cannot be read: No such f"):
            Coordinator(one, digits, store, Silent())
    (tmp_path / "nets" / "own.py").write_text("def build_model(:\n")
    with pytest.raises(HypermodelError, match=r"own\.py, line 1 is not valid Python"):
        Coordinator(one, digits, store, Silent())
    assert not store.folder.exists()
