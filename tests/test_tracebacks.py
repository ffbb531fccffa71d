"""A failed run's reason: what was raised, where in the user's own code, and the traceback."""

from __future__ import annotations

import json
import runpy
import traceback
from pathlib import Path

import pytest

from hpstudy.errors import StudyChanged
from hpstudy.tracebacks import headline, told

OWN = """\
import json

def build(text):
    return json.loads(text)

def colours():
    raise ValueError(
        "Exception encountered when calling Dense.call().\\n\\n\\x1b[1mInput 0 is wrong\\x1b[0m"
        "\\n\\nArguments received by Dense.call():\\n  \\u2022 inputs=5"
    )

def again():
    try:
        build("{")
    except ValueError as error:
        raise RuntimeError("no space") from error
"""


def raised(tmp_path: Path, function: str, *args: str) -> str:
    (tmp_path / "own.py").write_text(OWN)
    try:
        runpy.run_path(str(tmp_path / "own.py"))[function](*args)
    except Exception:
        return traceback.format_exc()
    raise AssertionError("nothing was raised")


def test_the_users_own_line_is_named_where_a_library_raised(tmp_path: Path) -> None:
    text = raised(tmp_path, "build", "[1,")
    reason = told(text)
    assert headline(reason).startswith("json.decoder.JSONDecodeError: Expecting value: line 1")
    assert headline(reason).endswith(" (own.py:4, in build)")
    assert reason.endswith(text.strip())


def test_escape_codes_and_listed_arguments_are_left_out(tmp_path: Path) -> None:
    reason = told(raised(tmp_path, "colours"))
    assert headline(reason) == (
        "ValueError: Exception encountered when calling Dense.call(). Input 0 is wrong "
        "(own.py:7, in colours)"
    )
    assert "\x1b" not in reason
    # they stay in the traceback
    assert "inputs=5" in reason


def test_of_a_chain_the_last_counts(tmp_path: Path) -> None:
    assert headline(told(raised(tmp_path, "again"))) == (
        "RuntimeError: no space (own.py:16, in again)"
    )


def test_without_a_line_of_the_users_none_is_named() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads("[1,")
    frames = caught.value.__traceback__
    assert frames is not None
    text = "".join(traceback.format_exception(caught.value.with_traceback(frames.tb_next)))
    assert headline(told(text)).endswith("(char 3)")


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        ("not trained: the network has 5 parameters", "not trained: the network has 5 parameters"),
        ("the worker ended with exit status 3\nKilled", "the worker ended with exit status 3"),
        ("Traceback (most recent call last):\n  ...\nValueError: no", "ValueError: no"),
        ("", "no reason was given"),
    ],
)
def test_any_reason_has_a_headline(reason: str, line: str) -> None:
    assert headline(told(reason)) == line


def test_an_error_of_ours_needs_no_traceback() -> None:
    try:
        raise StudyChanged("its code changed")
    except StudyChanged:
        assert told(traceback.format_exc()).startswith("its code changed (test_tracebacks.py:")


def test_a_long_message_is_cut() -> None:
    try:
        raise ValueError("long " * 400)
    except ValueError:
        reason = told(traceback.format_exc())
    assert len(headline(reason)) < 600 and "…" in headline(reason)
