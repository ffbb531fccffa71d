"""What a failed run says: what was raised and where in the user's own code, then the traceback."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path

LONGEST = 400  # characters of a message that a headline quotes

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_FRAME = re.compile(r'  File "(.+)", line (\d+), in (.+)')
_OURS = re.compile(r"^hpstudy\.[\w.]+: ")
_JAX_NOTE = "\n--------------------\nFor simplicity, JAX has removed"
_KERAS_ARGUMENTS = "Arguments received by "
_FOLDERS = [str(Path(__file__).parent), *map(sysconfig.get_path, ("stdlib", "purelib", "platlib"))]
_OTHERS = ("<", *(f"{folder}{os.sep}" for folder in _FOLDERS))


def told(text: str) -> str:
    """A traceback under a headline, such as 'ValueError: no units (own.py:12, in build)'.

    The headline names the innermost line of the user's own code, where there is one. Colours and
    JAX's note on its frames are taken out. An error of ours says all in its message, and a text
    without a traceback is only that.
    """
    text = _ESCAPES.sub("", text).partition(_JAX_NOTE)[0].strip()
    lines = text.splitlines()
    frames = [(place, found) for place, line in enumerate(lines) if (found := _FRAME.match(line))]
    if not frames:
        return text
    last = frames[-1][0]
    # the source lines below a frame are indented, the exception is not
    raised = next((i for i in range(last + 1, len(lines)) if lines[i][:1].strip()), None)
    if raised is None:
        return text
    own = [found for _, found in frames if not found[1].startswith(_OTHERS)]
    where = f" ({Path(own[-1][1]).name}:{own[-1][2]}, in {own[-1][3]})" if own else ""
    ours = _OURS.match(lines[raised])
    if ours:
        return f"{_message([lines[raised][ours.end() :], *lines[raised + 1 :]])}{where}"
    return f"{_message(lines[raised:])}{where}\n\n{text}"


def headline(reason: str) -> str:
    """The one line that says why a run failed."""
    lines = reason.strip().splitlines() or ["no reason was given"]
    # a store of an earlier version holds the bare traceback
    return lines[-1 if lines[0].startswith("Traceback") else 0].strip()


def _message(lines: Iterable[str]) -> str:
    """An exception's own words in one line, without the arguments that Keras lists after them."""
    text = " ".join(" ".join(lines).partition(_KERAS_ARGUMENTS)[0].split())
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
