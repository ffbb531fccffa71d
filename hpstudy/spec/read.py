"""What could be read of a study file, right or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hpstudy.spec.space import Config
from hpstudy.spec.study import Cell, Spec


@dataclass(frozen=True)
class Read:
    """What could be read of a study; `spec` is None where its data or their task are not known.

    `doubts` names, by arm, the settings that mistakes may have changed; `right` are the arms in
    which nothing is wrong.
    """

    spec: Spec | None
    cells: tuple[Cell, ...]
    engine: Config
    doubts: Mapping[str, frozenset[str]]
    right: frozenset[str]

    @property
    def unsearched(self) -> bool:
        """Whether it is sure that no arm searches anything."""
        sure = bool(self.cells) and self.right == self.doubts.keys()
        return sure and not any(cell.search for cell in self.cells)
