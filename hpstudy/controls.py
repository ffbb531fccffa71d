"""Arms of random weights that are no equal control of the arm that they are contrasted with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

from hpstudy.data import Sizes
from hpstudy.errors import Problem
from hpstudy.extremes import corners, counted, tensors
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.space import Scalar
from hpstudy.spec.study import Cell, Spec
from hpstudy.subsets.rules import RuleError


def doubts(spec: Spec, sizes: Sizes) -> tuple[str, ...]:
    """One for each contrast of an arm with `match:` and one that trains another number of entries.

    Both are counted in the first network of their cells at a sweep point, where it is the same one.
    A contrast with an arm that trains all or nothing asks for no equal counts.
    """
    found: dict[tuple[str, str], str] = {}
    for pair in spec.contrasts:
        for arm, other in (pair, pair[::-1]):
            for mine, its in product(_cells(spec, arm), _cells(spec, other)):
                together = all(its.point.get(key, at) == at for key, at in mine.point.items())
                say = _unequal(mine, its, sizes.shape) if together else None
                if say is not None:
                    found.setdefault((arm, other), say)
    return tuple(found.values())


def _cells(spec: Spec, arm: str) -> list[Cell]:
    return [cell for cell in spec.cells if cell.arm == arm and not is_foreign(cell.settings)]


def _unequal(cell: Cell, other: Cell, shape: DataShape) -> str | None:
    mine, its = next(corners(cell)).config, next(corners(other)).config
    match = mine.get("subset.match")
    if match is None or its.get("subset.match") is not None:
        return None
    if tensors(mine, shape) != tensors(its, shape):
        return None
    drawn, whole = counted(mine, shape).trained, counted(its, shape)
    if whole.trained in (0, drawn, whole.total):
        return None
    place = cell.given["subset.match"]
    say = (
        f"{cell.arm} trains {drawn:,} entries, as match: {match} says, and {other.arm}, which it "
        f"is contrasted with, {whole.trained:,}, so their difference shows the numbers too"
    )
    equal = _equal(mine, str(its["subset.train"]), str(match), whole.trained, shape)
    say += f"; write {{train: {equal}, match: {match}}} to train as many" if equal else ""
    return str(Problem(say, place.file, place.line, place.column))


def _equal(
    config: Mapping[str, Scalar], train: str, match: str, trained: int, shape: DataShape
) -> str | None:
    """The other arm's subset with random weights for what is matched, if as many train then."""
    swapped = re.sub(rf"\b{match}\b", "random", train)
    try:
        found = counted({**config, "subset.train": swapped}, shape)
    except RuleError:
        return None
    return swapped if found.trained == trained else None
