"""Everything that the sections of a report draw on, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hpstudy import sources
from hpstudy.analysis.claims import Claims
from hpstudy.analysis.contrast import Contrast
from hpstudy.analysis.digits import of_mean
from hpstudy.analysis.kstar import KStar
from hpstudy.analysis.pareto import Front
from hpstudy.analysis.progress import missing
from hpstudy.analysis.ranges import searched_keys
from hpstudy.analysis.ranking import Ranked, ranking
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.rules import rules
from hpstudy.analysis.verdict import Verdict
from hpstudy.analysis.words import Measure, number, point, spoken
from hpstudy.report.figures.palette import Look, looks
from hpstudy.store import Store

DASH = "\u2013"


@dataclass(frozen=True)
class Findings:
    """A study's record with its contrasts, verdicts and ranking, and each arm's look.

    `ranked` has each cell's configurations under its name, best first; `keys` are the settings
    that any cell searched, learning rate first. `copies` has the digest of each copied file of a
    hypermodel.
    """

    record: StudyRecord
    store: Store
    contrasts: tuple[Contrast, ...]
    verdicts: tuple[Verdict, ...]
    digits: Mapping[str, int]
    kstars: tuple[KStar, ...]
    fronts: tuple[Front, ...]
    ranked: Mapping[str, Sequence[Ranked]]
    keys: tuple[str, ...]
    missing: tuple[str, ...]
    measure: Measure
    looks: Mapping[str, Look]
    copies: Mapping[str, str]

    @property
    def groups(self) -> list[tuple[tuple[str, str], list[tuple[Contrast, Verdict]]]]:
        """Contrasts with their verdicts, by declared pair of arms."""
        found: dict[tuple[str, str], list[tuple[Contrast, Verdict]]] = {}
        for one, said in zip(self.contrasts, self.verdicts, strict=True):
            found.setdefault((one.a.arm, one.b.arm), []).append((one, said))
        return list(found.items())

    @property
    def cell(self) -> str:
        """'arm and depth': what a cell is, in a reader's words."""
        return numbered(["arm", *self.axes(cell.point for cell in self.record.cells).values()])

    @property
    def chosen_again(self) -> bool:
        """Whether any configuration was trained again on fresh seeds, to choose among them."""
        return any(one.choose_runs for own in self.ranked.values() for one in own)

    def decimals(self, cell: CellRecord) -> int:
        """Those of a cell's mean test score, as its verdicts have them."""
        return of_mean(cell, self.measure, self.digits)

    def where(self, values: Mapping[str, Any]) -> str:
        return point(values, self.record.axis_names())

    def axes(self, points: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """The axes that some of these sweep points have, with their names in words."""
        swept = {axis for point in points for axis in point}
        names = self.record.axis_names().items()
        return {axis: spoken(name) for axis, name in names if axis in swept}

    def label(self, cell: CellRecord) -> str:
        """'bn_only, depth 3'."""
        return ", ".join(part for part in (cell.arm, self.where(cell.point)) if part)

    def points(self) -> list[tuple[Mapping[str, Any], list[CellRecord]]]:
        """Sweep points with the cells that belong there.

        A cell of an arm without some axis belongs to every point that agrees with its own.
        """
        every = [cell.point for cell in self.record.cells]
        full = [one for one in every if not any(_within(one, two) for two in every)]
        kept = [one for i, one in enumerate(full) if one not in full[:i]]
        return [
            (one, [cell for cell in self.record.cells if _agrees(cell.point, one)]) for one in kept
        ]


def find(claims: Claims) -> Findings:
    record = claims.record
    ranked: dict[str, list[Ranked]] = {cell.name: [] for cell in record.cells}
    for one in ranking(record):
        ranked[one.cell.name].append(one)
    return Findings(
        record=record,
        store=claims.store,
        contrasts=claims.contrasts,
        verdicts=claims.verdicts,
        digits=claims.digits,
        kstars=claims.kstars,
        fronts=claims.fronts,
        ranked=ranked,
        keys=_keys(record),
        missing=missing(record),
        measure=Measure(record.metric, record.maximise),
        looks=looks(rules(record)),
        copies=sources.kept(claims.store),
    )


def _keys(record: StudyRecord) -> tuple[str, ...]:
    found: set[str] = set()
    for cell in record.cells:
        found |= searched_keys(cell.settings, (run["config"] for run in cell.phase("search")))
    return tuple(sorted(found, key=lambda key: (key != "training.learning_rate", key)))


def _within(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    return len(one) < len(two) and _agrees(one, two)


def _agrees(one: Mapping[str, Any], two: Mapping[str, Any]) -> bool:
    return all(axis in two and two[axis] == value for axis, value in one.items())


def at(axes: Iterable[str], point: Mapping[str, Any]) -> list[str]:
    """A sweep point as table cells, one for each axis; a dash where it does not have it."""
    return [number(point[axis]) if axis in point else DASH for axis in axes]


def numbered(items: Sequence[str]) -> str:
    """'a, b and c'."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
