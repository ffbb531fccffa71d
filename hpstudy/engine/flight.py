"""How many runs a study has to train at once: what its workers and their lanes could hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, prod
from typing import Any

from hpstudy.spec.declarations import ModelDeclaration, Parameter, defaults
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.identity import canonical
from hpstudy.spec.space import Choice, FloatRange, IntRange, Value
from hpstudy.spec.study import Cell, Spec
from hpstudy.spec.training import TRAINING
from hpstudy.subsets.powers import power_of_two

MOST = 1024  # lanes; beyond, a lane's share of the time no longer falls


@dataclass
class _Sharing:
    """Cells whose runs can share programs, and how many programs each of them spreads over."""

    search: float = 0.0
    choose: float = 0.0
    confirm: float = 0.0


def in_flight(spec: Spec, models: Mapping[str, ModelDeclaration]) -> int:
    """The most runs of one program that may train at once, a searched architecture counted evenly.

    It follows from the study file alone.
    """
    sharing: dict[str, _Sharing] = {}
    for cell in spec.cells:
        foreign = is_foreign(cell.settings)
        shapes = _unknown(cell) if foreign else _structure(cell, models)
        classed = set() if foreign else _classed(models[str(cell.settings["model.type"])])
        options = {key: _options(value, key in classed) for key, value in shapes.items()}
        fixed = {key: value for key, value in shapes.items() if not options[key]}
        programs = prod(count or 1 for count in options.values())
        one = sharing.setdefault(canonical(fixed), _Sharing())
        kept = cell.search.to_confirm if cell.search else 1
        one.confirm += spec.confirm_seeds * max(1.0, kept / programs)
        if cell.search is not None:
            one.search += cell.search.parallel / programs
            tops = max(1.0, cell.search.choose_top / programs)
            one.choose += tops * cell.search.choose_seeds
    each = (max(one.search, one.choose, one.confirm) for one in sharing.values())
    return min(MOST, max((ceil(count) for count in each), default=1))


def at_first(spec: Spec) -> int:
    """The most runs that may start before any has ended."""
    searches = [cell.search for cell in spec.cells]
    return sum(min(s.parallel, s.trials) if s else spec.confirm_seeds for s in searches)


def _unknown(cell: Cell) -> dict[str, Value]:
    """For a space that is known only by running it: each trial has a program of its own."""
    window = cell.search.parallel if cell.search else 1
    return {"cell": cell.name, "trial": Choice(tuple(range(window)))}


def _structure(cell: Cell, models: Mapping[str, ModelDeclaration]) -> dict[str, Value]:
    """The settings of a cell that decide its programs, fixed or searched."""
    model = models[str(cell.settings["model.type"])].parameters
    kept = {"model.type", *_keys("model", model), *_keys("training", TRAINING)}
    return {
        key: value
        for key, value in cell.settings.items()
        if key in kept or key.startswith("subset.")
    }


def _keys(section: str, parameters: Iterable[Parameter]) -> set[str]:
    return {f"{section}.{one.name}" for one in parameters if one.role == "structure"}


def _classed(model: ModelDeclaration) -> set[str]:
    """The settings that programs may round up to a power of two."""
    return {f"model.{name}" for name in model.padded(defaults(model.parameters))}


def _options(value: Value, classed: bool) -> int:
    """How many values a range of shapes has; 0 for what is fixed, and 1 for a fraction's range."""
    if isinstance(value, FloatRange):
        return 1
    values: Iterable[Any] = ()
    if isinstance(value, Choice):
        values = value.options
    elif isinstance(value, IntRange):
        values = range(value.low, value.high + 1, value.step)
    return len({power_of_two(one) if classed and type(one) is int else one for one in values})
