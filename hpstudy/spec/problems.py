"""Collects every mistake of a study file before any of them is raised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol

from hpstudy.errors import Problem, SpecError
from hpstudy.spec.elsewhere import as_edit, instead
from hpstudy.spec.synonyms import WORDS, absent, plain


class Place(Protocol):
    """Anything that knows where in which file it stands."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


def spot(place: Place) -> tuple[str, int, int]:
    """File, line and column: equal for a mistake and what it is told of."""
    return place.file, place.line, place.column


class Problems:
    """Mistakes found so far, each once."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}
        # those that were taken over with a note, as they are without it
        self._noted: set[Problem] = set()

    def at(self, file: str, line: int, column: int, message: str) -> None:
        self._found[Problem(message, file, line, column)] = None

    def add(self, place: Place, message: str) -> None:
        self.at(place.file, place.line, place.column, message)

    def unknown(
        self, place: Place, what: str, seen: str, allowed: Iterable[str], text: str = ""
    ) -> None:
        """`what` names the kind of word, as in 'unknown key in training'.

        `text` is the value that an unknown key has.
        """
        names = [str(name) for name in allowed]
        hint = nearest(seen, names)
        if what == "key" or what.startswith("key in "):
            section = what.removeprefix("key in ")
            hint = _meant(seen, section, names, text, place.file) or hint
        self.add(place, f"unknown {what}: `{seen}`; {hint}")

    def __len__(self) -> int:
        return len(self._found)

    @property
    def found(self) -> list[Problem]:
        """Every mistake, in the file's order."""
        return sorted(self._found, key=lambda one: (one.file, one.line, one.column))

    def include(self, others: Problems, note: str = "") -> None:
        """Take over what is new in `others`, with a note on where it comes up."""
        for problem in others._found:
            if problem not in self._found and problem not in self._noted:
                message = f"{problem.message}{note}"
                self.at(problem.file, problem.line, problem.column, message)
                self._noted.add(problem)

    def check(self, cautions: Sequence[Problem] = ()) -> None:
        """Raise SpecError if there is any mistake, in the file's order and with the cautions."""
        if self._found:
            raise SpecError(self.found, cautions)


def nearest(seen: str, allowed: list[str], setting: str = "") -> str:
    """'did you mean `x`? allowed: x, y, z', or without the question where nothing is near.

    `setting` is the key that the word is a value of; then a word of other libraries is known too.
    """
    other = absent(setting, seen)
    if other:
        return f"{other}; {listed(allowed)}"
    meant = guess(seen, allowed, setting)
    return (f"did you mean `{meant}`? " if meant else "") + listed(allowed)


def guess(seen: str, allowed: Iterable[str], setting: str = "") -> str | None:
    """The allowed word that is meant by another, as `nearest` asks; None where none is near."""
    lowered = {name.lower(): name for name in allowed}
    if absent(setting, seen):
        return None
    if WORDS.get(plain(seen)) in lowered:
        return lowered[WORDS[plain(seen)]]
    close = get_close_matches(seen.lower(), lowered, n=1)
    return lowered[close[0]] if close else None


def _meant(seen: str, section: str, allowed: list[str], text: str, file: str) -> str:
    """As `nearest`, for a key that has another name or another place here; else nothing.

    `text` is the key's value, and `file` is where it stands: an edit is answered by an edit.
    """
    if "\u00a0" in seen:
        return f"type a plain space for its no-break space; {listed(allowed)}"
    if ":" in seen:
        return f"write a space after the colon; {listed(allowed)}"
    section = section.partition(" of arm ")[0]
    other = absent(section, seen)
    if other:
        return f"{other}; {listed(allowed)}"
    here = instead(seen, text)
    place, _, key = here.partition(": {")
    if place == section and key.partition(":")[0] not in allowed:
        # another model's setting
        return ""
    # one letter off is rather a slip of the pen
    close = get_close_matches(seen, allowed, n=1, cutoff=0.8)
    if not here or any(f"{name}:" in here for name in close):
        return ""
    # an arm's setting is not meant for the others
    edit = as_edit(here) if file.startswith("--set ") and "--set arms." not in file else ""
    here = f"--set {edit}" if edit else here
    hint = f"did you mean `{close[0]}`, or `{here}`?" if close else f"write `{here}`;"
    return f"{hint} {listed(allowed)}"


def listed(allowed: list[str]) -> str:
    """'allowed: x, y, z'."""
    return f"allowed: {', '.join(allowed)}" if allowed else "there are none here"
