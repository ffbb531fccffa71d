"""The processor in a run's numerics: its model, and the vectors that decide how sums round."""

from pathlib import Path

import pytest

from hpstudy.engine import processor

CORE = """processor\t: {number}
model name\t: Some CPU @ 3.00GHz
flags\t\t: fpu sse2 avx avx2 {more}
"""
ARM = """processor\t: 0
Features\t: fp asimd sve
"""


@pytest.fixture
def info(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(processor, "INFO", path)
    return path


def _cores(more: str = "") -> str:
    return "\n".join(CORE.format(number=number, more=more) for number in range(2))


def test_it_is_told_by_its_model_and_its_widest_vectors(info: Path) -> None:
    info.write_text(_cores())
    assert processor.processor() == "Some CPU @ 3.00GHz (avx2)"
    info.write_text(_cores("avx512f"))
    assert processor.processor() == "Some CPU @ 3.00GHz (avx512f)"
    info.write_text(ARM)
    assert processor.processor().endswith(" (sve)")


def test_compiled_programs_know_processors_apart_by_all_that_they_have(info: Path) -> None:
    found = []
    for text in (_cores(), _cores("fma4"), ARM):
        info.write_text(text)
        found.append(processor.digest())
    assert len(set(found)) == 3
    info.write_text(_cores())
    assert processor.digest() == found[0]


def test_without_linux_it_has_a_name_all_the_same(info: Path) -> None:
    assert processor.processor()
    assert processor.digest()
