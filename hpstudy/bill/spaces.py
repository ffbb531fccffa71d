"""The spaces of a study's cells: what all share, then what each arm searches and sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from hpstudy.analysis import searches
from hpstudy.analysis.words import number, thousands
from hpstudy.bill.wrapping import indented, kept, wrapped
from hpstudy.extremes import Extremes
from hpstudy.spec.space import Choice, FloatRange, IntRange, Range, Settings, Value, is_range
from hpstudy.spec.study import Cell


def spaces(extremes: Sequence[Extremes]) -> list[str]:
    """What all cells share, then each cell's own ranges and values."""
    every = [_active(one) for one in extremes]
    first, *others = every
    shared = {
        key: value
        for key, value in first.items()
        if not is_range(value) and all(key in o and o[key] == value for o in others)
    }
    lines = ["The same in every cell", *_settings(shared)]
    kinds = [tuple(_search(one.cell)) for one in extremes if one.cell.search is not None]
    alike = len(set(kinds)) == 1
    lines += kinds[0] if alike else ()
    told: dict[tuple[str, tuple[str, ...]], list[Cell]] = {}
    for one, settings in zip(extremes, every, strict=True):
        # what is swept stands in the cell's name
        own = {k: v for k, v in settings.items() if k not in shared and k not in one.cell.point}
        search = () if alike and one.cell.search is not None else _search(one.cell)
        words = (*_settings(own), *search)
        told.setdefault((one.cell.arm, words), []).append(one.cell)
    for (arm, words), cells in told.items():
        points = [kept(cell.name.removeprefix(arm).strip()) for cell in cells]
        where = f" at {', '.join(points)}" if points[0] else ""
        lines += ["", *wrapped(f"{arm}{where}", "", "  "), *words]
    return lines


def _active(extremes: Extremes) -> Settings:
    return {
        key: value
        for key, value in extremes.cell.settings.items()
        if key in extremes.active and value is not None
    }


def _settings(settings: Settings) -> list[str]:
    """Ranges on a line each, then the fixed values of each section run together."""
    lines = [f"{key}: {_value(value)}" for key, value in settings.items() if is_range(value)]
    sections: dict[str, list[str]] = {}
    for key, value in settings.items():
        if not is_range(value):
            section, _, name = key.partition(".")
            sections.setdefault(section, []).append(kept(f"{name} {_value(value)}"))
    lines += [f"{section}: {', '.join(words)}" for section, words in sections.items()]
    return [part for line in lines for part in indented(line)]


def _value(value: Value) -> str:
    if isinstance(value, IntRange | FloatRange | Choice):
        return _range(value)
    return f"[{number(value)}]" if isinstance(value, tuple) else number(value)


def _range(value: Range) -> str:
    if isinstance(value, Choice):
        return " | ".join(
            _value(option) + _branch(value.branches.get(option, {})) for option in value.options
        )
    text = f"{number(value.low)} to {number(value.high)}"
    if value.log:
        return f"{text}, log"
    return f"{text}, step {number(value.step)}" if value.step not in (None, 1) else text


def _branch(settings: Mapping[str, Value]) -> str:
    inside = ", ".join(f"{key} {_value(value)}" for key, value in settings.items())
    return f" ({inside})" if inside else ""


def _search(cell: Cell) -> list[str]:
    if cell.search is None:
        return ["  search: none"]
    search = asdict(cell.search)
    parts = [f"search: {searches.how(search)}, {cell.search.parallel} at a time"]
    parts += [searches.front(search), searches.chosen(search)]
    if cell.search.limits:
        said = (f"{name} {thousands(most)}" for name, most in cell.search.limits.items())
        parts.append(f"larger networks are not trained ({', '.join(said)})")
    parts.append(searches.repeats(search))
    return indented("; ".join(part for part in parts if part))
