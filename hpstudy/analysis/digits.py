"""How many decimals mean scores are written with, so that what is read subtracts.

A difference has the decimals that its interval warrants. The two means that it stands beside have
more: as many as it takes for their difference, as they are written, to round to the one told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from statistics import stdev

from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.record import CellRecord
from hpstudy.analysis.words import Measure

MOST = 9  # of a written mean


def digits(found: Sequence[Contrast]) -> dict[str, int]:
    """The decimals of each compared cell's mean test score, the same wherever it is told."""
    told = [one for one in found if one.interval is not None]
    decimals: dict[str, int] = {}
    for one in told:
        for cell in (one.a, one.b):
            decimals[cell.name] = max(decimals.get(cell.name, 0), of_difference(one) + 1)
    while wrong := [one for one in told if not _subtracts(one, decimals)]:
        names = {cell.name for one in wrong for cell in (one.a, one.b)}
        decimals |= {name: decimals[name] + 1 for name in names}
    return decimals


def of_difference(one: Contrast) -> int:
    """The decimals that a contrast's difference and its interval are written with."""
    reach = None if one.interval is None else one.interval.half_width
    if one.interval is not None and one.alike:
        reach = abs(one.interval.mean)
    return _measure(one).decimals(reach)


def of_mean(cell: CellRecord, measure: Measure, found: Mapping[str, int]) -> int:
    """The decimals of a cell's mean test score: `found` has those of the cells compared."""
    scores = cell.test_scores(measure.metric)
    spread = stdev(scores) if len(scores) > 1 else None
    return found.get(cell.name, measure.decimals(spread) + 1)


def _subtracts(one: Contrast, decimals: Mapping[str, int]) -> bool:
    assert one.interval is not None
    measure, places = _measure(one), (decimals[one.a.name], decimals[one.b.name])
    if max(places) >= MOST:
        return True
    a, b = (
        Decimal(measure.value(mean, place).removesuffix("%"))
        for mean, place in zip((one.mean_a, one.mean_b), places, strict=True)
    )
    told = of_difference(one)
    difference = Decimal(measure.bare_difference(one.interval.mean, told))
    return abs(a - b - difference) <= Decimal(5).scaleb(-told - 1)


def _measure(one: Contrast) -> Measure:
    return Measure(one.metric, one.maximise)
