"""Programs on disk: bounded, private to their surroundings, never a reason to fail."""

import os
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from hpstudy.engine.cache import Counters, Entry, ProgramCache
from hpstudy.engine.folders import writable
from hpstudy.errors import HpstudyError


def doubling() -> Entry:
    return Entry(jax.jit(lambda x: 2 * x).lower(np.arange(3.0)).compile(), {"times": 2})


def unused() -> Entry:
    raise AssertionError("it is in the cache")


def test_an_entry_comes_back_with_its_facts_and_nothing_is_compiled(tmp_path: Path) -> None:
    ProgramCache(tmp_path).entry("double", doubling)
    counters, cache = Counters(), ProgramCache(tmp_path)
    counters.watch()
    found = cache.entry("double", unused)
    np.testing.assert_array_equal(found.call(np.arange(3.0)), [0, 2, 4])
    assert found.facts == {"times": 2}
    assert (counters.compilations, cache.loads) == (0, 1)


@pytest.mark.parametrize("content", [b"", b"cut short", b"\x80\x04N."])
def test_an_unreadable_entry_is_made_anew(content: bytes, tmp_path: Path) -> None:
    ProgramCache(tmp_path).entry("double", doubling)
    (place,) = tmp_path.glob("*.program")
    place.write_bytes(content)
    cache = ProgramCache(tmp_path)
    assert cache.entry("double", doubling).call(np.arange(3.0))[2] == 4
    assert cache.loads == 0
    assert ProgramCache(tmp_path).entry("double", unused).facts == {"times": 2}


def test_other_flags_or_another_version_meet_no_foreign_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ProgramCache(tmp_path).entry("double", doubling)
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=true")
    ProgramCache(tmp_path).entry("double", doubling)
    monkeypatch.setattr(jax, "__version__", "0.0.1")
    ProgramCache(tmp_path).entry("double", doubling)
    assert len(list(tmp_path.glob("*.program"))) == 3


def test_what_was_used_longest_ago_leaves_first(tmp_path: Path) -> None:
    roomy = ProgramCache(tmp_path)
    roomy.entry("a", doubling)
    size = sum(path.stat().st_size for path in tmp_path.glob("*.program"))
    roomy.entry("b", doubling)
    for path in tmp_path.glob("*.program"):
        os.utime(path, (0, 0))
    roomy.entry("a", unused)
    tight = ProgramCache(tmp_path, limit=int(2.5 * size))
    tight.entry("c", doubling)
    assert len(list(tmp_path.glob("*.program"))) == 2
    tight.entry("a", unused)


def test_a_failure_to_compile_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> Any:
        raise RuntimeError("out of luck")

    with pytest.raises(RuntimeError, match="out of luck"):
        ProgramCache(tmp_path).entry("double", broken)
    assert not list(tmp_path.glob("*.program*"))
    ProgramCache(tmp_path).entry("double", doubling)


def test_an_entry_that_cannot_be_kept_still_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    found = ProgramCache(tmp_path).entry("double", doubling)
    np.testing.assert_array_equal(found.call(np.arange(3.0)), [0, 2, 4])
    assert not list(tmp_path.glob("*.program*"))


def test_a_folder_that_cannot_be_written_is_told_before_anything_trains(tmp_path: Path) -> None:
    assert writable(tmp_path / "new" / "programs").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(HpstudyError, match=r"file/programs.*HPSTUDY_CACHE"):
        writable(tmp_path / "file" / "programs")
