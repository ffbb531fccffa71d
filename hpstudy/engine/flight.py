"""How many runs of one program a study has to train at once: what its lanes could hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, prod

from hpstudy.spec.declarations import ModelDeclaration, Parameter
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.identity import canonical
from hpstudy.spec.space import Choice, FloatRange, IntRange, Value
from hpstudy.spec.study import Cell, Spec
from hpstudy.spec.training import TRAINING

MOST = 1024  # lanes; beyond, a lane's share of the time no longer falls


@dataclass
class _Sharing:
    """Cells whose runs can share programs, and how many programs each of them spreads over."""

    search: float = 0.0
    choose: float = 0.0
    confirm: int = 0


def in_flight(spec: Spec, models: Mapping[str, ModelDeclaration]) -> int:
    """The most runs of one program that may train at once, a searched architecture counted evenly.

    It follows from the study file alone.
    """
    sharing: dict[str, _Sharing] = {}
    for cell in spec.cells:
        shapes = _structure(cell, models)
        fixed = {key: value for key, value in shapes.items() if not _options(value)}
        programs = prod(_options(value) or 1 for value in shapes.values())
        one = sharing.setdefault(canonical(fixed), _Sharing())
        one.confirm += spec.confirm_seeds
        if cell.search is not None:
            one.search += cell.search.parallel / programs
            tops = max(1.0, cell.search.choose_top / programs)
            one.choose += tops * cell.search.choose_seeds
    each = (max(one.search, one.choose, one.confirm) for one in sharing.values())
    return min(MOST, max((ceil(count) for count in each), default=1))


def _structure(cell: Cell, models: Mapping[str, ModelDeclaration]) -> dict[str, Value]:
    """The settings of a cell that decide its programs, fixed or searched."""
    if is_foreign(cell.settings):
        # whose runs share programs is only known by building them; those of one pick do
        whole = {"model.type": cell.settings["model.type"], "cell": cell.name}
        window = cell.search.parallel if cell.search else 1
        return {**whole, "trial": Choice(tuple(range(window)))}
    model = models[str(cell.settings["model.type"])].parameters
    kept = {"model.type", *_keys("model", model), *_keys("training", TRAINING)}
    return {
        key: value
        for key, value in cell.settings.items()
        if key in kept or key.startswith("subset.")
    }


def _keys(section: str, parameters: Iterable[Parameter]) -> set[str]:
    return {f"{section}.{one.name}" for one in parameters if one.role == "structure"}


def _options(value: Value) -> int:
    """How many values a range of shapes has; 0 for what is fixed, and 1 for a fraction's range."""
    if isinstance(value, Choice):
        return len(value.options)
    if isinstance(value, IntRange):
        return (value.high - value.low) // value.step + 1
    return 1 if isinstance(value, FloatRange) else 0
