"""Values of a study that somebody's hypermodel does not offer, and what building it so comes to.

A study may widen what a hypermodel asks for, so such a value is wrong only where the build fails;
where it does not, it is told and trained.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from hpstudy.spec.foreign import HP
from hpstudy.spec.problems import Problems
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import Choice, FloatRange, IntRange, Scalar, Value, written
from hpstudy.spec.study import Cell
from hpstudy.tracebacks import headline

Asked = Mapping[str, Registered]


def first(value: Value) -> Scalar:
    """What the first build takes of a value or a range."""
    if isinstance(value, Choice):
        return value.options[0]
    return value.low if isinstance(value, IntRange | FloatRange) else value


def single(cell: Cell, asked: Asked) -> Iterator[Cell]:
    """The cell, and the cell with each further option of a choice in its place."""
    yield cell
    for name in asked:
        given = cell.settings.get(f"{HP}{name}")
        for option in given.options[1:] if isinstance(given, Choice) else ():
            yield replace(cell, settings={**cell.settings, f"{HP}{name}": option})


def outside(cell: Cell, asked: Asked) -> dict[str, Scalar]:
    """The values that a build of the cell takes and the hypermodel does not offer, by name."""
    given = {name: f"{HP}{name}" for name in asked if f"{HP}{name}" in cell.settings}
    taken = {name: first(cell.settings[key]) for name, key in given.items()}
    return {name: value for name, value in taken.items() if not _offers(asked[name], value)}


def may_fail(asked: Registered, value: Scalar) -> bool:
    """Whether a value beyond the offer is more than another number above zero."""
    number = _number(asked, value)
    return number is None or number <= 0


def tell(cell: Cell, asked: Asked, reason: str, problems: Problems) -> None:
    """Tell why a build failed at each value of it that the hypermodel does not offer."""
    for name, value in outside(cell, asked).items():
        say = _said(cell, asked[name], [_seen(value)])
        problems.add(cell.given[f"{HP}{name}"], f"{say}; it cannot be built so: {headline(reason)}")


def widen(cells: Iterable[Cell], asked: Asked, doubts: Problems) -> None:
    """Tell what the cells of an arm give a hypermodel beyond what it offers, a parameter at a time.

    A sweep is one parameter with its values in all of the cells.
    """
    beyond: dict[str, tuple[Cell, list[str]]] = {}
    for cell in cells:
        for name, one in asked.items():
            if f"{HP}{name}" in cell.settings:
                seen = _beyond(one, cell.settings[f"{HP}{name}"])
                beyond.setdefault(name, (cell, []))[1].extend(seen)
    for name, (cell, values) in beyond.items():
        if values:
            say = _said(cell, asked[name], dict.fromkeys(values))
            doubts.add(cell.given[f"{HP}{name}"], f"{say}; that is trained all the same")


def _said(cell: Cell, asked: Registered, values: Iterable[str]) -> str:
    """A parameter's values in words, and what the hypermodel asks for."""
    seen, hypermodel = " or ".join(values), cell.settings["model.type"]
    return f"{HP}{asked.name} is {seen}, and {hypermodel} asks for {_offer(asked)}"


def _seen(value: Scalar) -> str:
    return f'"{value}"' if isinstance(value, str) else written(value)


def _beyond(asked: Registered, value: Value) -> list[str]:
    """What is not offered of a value or a range, in words."""
    if isinstance(value, Choice):
        return [_seen(option) for option in value.options if not _offers(asked, option)]
    if isinstance(value, IntRange | FloatRange):
        return [] if _holds(asked, value) else [f"{value.low:g} to {value.high:g}"]
    return [] if _offers(asked, value) else [_seen(value)]


def _holds(asked: Registered, given: IntRange | FloatRange) -> bool:
    """Whether a hypermodel offers all of a range of numbers."""
    if asked.kind not in ("choice", "fixed"):
        return _offers(asked, given.low) and _offers(asked, given.high)
    if isinstance(given, FloatRange):
        return False
    return all(_offers(asked, number) for number in range(given.low, given.high + 1, given.step))


def _offers(asked: Registered, value: Scalar) -> bool:
    if asked.kind in ("choice", "fixed"):
        return value in (asked.options or (asked.default,))
    number = _number(asked, value)
    return number is not None and asked.low <= number <= asked.high


def _number(asked: Registered, value: Scalar) -> float | None:
    """A value that is of the kind of numbers which a range holds; else None."""
    if isinstance(value, bool) or asked.kind not in ("int", "float"):
        return None
    return value if isinstance(value, int if asked.kind == "int" else int | float) else None


def _offer(asked: Registered) -> str:
    """'a whole number from 8 to 64 in steps of 8', 'one of avg, max'."""
    if asked.kind in ("choice", "fixed"):
        return f"one of {', '.join(map(written, asked.options or (asked.default,)))}"
    noun = "a whole number" if asked.kind == "int" else "a number"
    step = f" in steps of {asked.step:g}" if asked.step not in (None, 1) else ""
    return f"{noun} from {asked.low:g} to {asked.high:g}{step}"
