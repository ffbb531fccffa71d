"""The words of a subset expression such as `batchnorm+output`, and how one is read."""

from __future__ import annotations

import difflib
import re
from typing import Literal, TypeAlias

from hpstudy.errors import HpstudyError

Sign: TypeAlias = Literal["+", "-"]

WORDS: dict[str, str] = {
    "all": "every parameter entry",
    "none": "no entry: the network as it was initialised",
    "as_built": "every entry that the model itself leaves trainable",
    "batchnorm": "gamma and beta of every BatchNormalization layer",
    "gamma": "gamma of every normalisation layer",
    "beta": "beta of every normalisation layer",
    "output": "kernel and bias of the output layer",
    "shortcut": "the convolutions on shortcuts of a residual network, without their normalisation",
    "random": "kernel entries drawn by the mask seed (with per_unit, fraction or match)",
}

_TERM = re.compile(r"([+-]?)([^+-]+)")


class RuleError(HpstudyError, ValueError):
    """A subset rule that is malformed, or that this network cannot satisfy."""


def parse(expression: str) -> tuple[tuple[Sign, str], ...]:
    """The signed words of `expression`, in order: 'all-output' -> (('+', 'all'), ('-', 'output')).

    Words act from left to right: + adds a word's entries, - takes them away. Spaces mean nothing.
    Raises RuleError for an unknown word, a word named twice, a misplaced or leading minus sign, and
    for random entries taken away.
    """
    text = re.sub(r"\s+", "", expression)
    terms = _TERM.findall(text)
    if not terms or "".join(sign + word for sign, word in terms) != text:
        raise RuleError(
            f"train: {expression!r} is not a subset: write words joined by single + or - signs, "
            f"such as batchnorm+output or all-batchnorm"
        )
    signed: list[tuple[Sign, str]] = []
    for sign, word in terms:
        if word not in WORDS:
            raise RuleError(f"train: unknown word {word!r} in {expression!r}{_allowed(word)}")
        if any(word == earlier for _, earlier in signed):
            raise RuleError(f"train: {word!r} is named twice in {expression!r}; name it once")
        if sign == "-" and word == "random":
            raise RuleError(
                f"train: {expression!r} takes random entries away; they can only be added: "
                f"write 'random' without a minus sign"
            )
        signed.append(("-" if sign == "-" else "+", word))
    if signed[0][0] == "-":
        raise RuleError(
            f"train: {expression!r} begins with a minus sign; to train everything else "
            f"write 'all{text}'"
        )
    return tuple(signed)


def _allowed(word: str) -> str:
    close = difflib.get_close_matches(word, WORDS, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{hint}; allowed are {', '.join(WORDS)}"
