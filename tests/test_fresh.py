"""A study's folder moved aside: kept whole, asked about, and never from under a running study."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from hpstudy.errors import HpstudyError, StoreError
from hpstudy.fresh import move_aside


def yes(question: str) -> bool:
    return True


def make(folder: Path, word: str) -> Path:
    folder.mkdir()
    (folder / "runs.jsonl").write_text(word)
    return folder


def test_folders_get_the_first_free_number(tmp_path: Path) -> None:
    for number in (1, 2):
        folder = make(tmp_path / "mlp", str(number))
        assert move_aside(folder, yes) == tmp_path / f"mlp.old-{number}"
        assert (tmp_path / f"mlp.old-{number}" / "runs.jsonl").read_text() == str(number)
        assert not folder.exists()


def test_a_no_leaves_everything(tmp_path: Path) -> None:
    asked: list[str] = []
    folder = make(tmp_path / "mlp", "1")
    with pytest.raises(HpstudyError, match="left as it is"):
        move_aside(folder, lambda question: bool(asked.append(question)))
    assert [path.name for path in tmp_path.iterdir()] == ["mlp"]
    assert "mlp.old-1" in asked[0]


def test_without_a_folder_nobody_is_asked(tmp_path: Path) -> None:
    assert move_aside(tmp_path / "mlp", lambda question: pytest.fail(question)) is None


def test_a_running_study_is_not_moved(tmp_path: Path) -> None:
    folder = make(tmp_path / "mlp", "1")
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="being run by another process"):
            move_aside(folder, yes)
    assert move_aside(folder, yes) is not None
