"""What could be read of a study file, right or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hpstudy.spec.space import Config
from hpstudy.spec.study import Cell, Spec


@dataclass(frozen=True)
class Read:
    """What could be read of a study; `spec` is None where its data or their task are not known.

    `doubts` names, by arm, the settings that mistakes may have changed; `wrong` are the arms whose
    settings do not go together.
    """

    spec: Spec | None
    cells: tuple[Cell, ...]
    engine: Config
    doubts: Mapping[str, frozenset[str]]
    wrong: frozenset[str]

    @property
    def unsearched(self) -> bool:
        """Whether it is sure that no arm searches anything."""
        return bool(self.cells) and self.sound and not any(cell.search for cell in self.cells)

    @property
    def sound(self) -> bool:
        """Whether no arm has a mistake."""
        return not self.wrong and not any(self.doubts.values())
