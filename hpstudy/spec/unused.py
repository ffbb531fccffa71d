"""Settings that the file gives and no cell ever has, since other choices rule them out.

A study, its variants and its arms share lines of one file. A line that any of them uses is right:
a variant may take another optimizer and leave `momentum` to the study itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from hpstudy.spec.layers import possible
from hpstudy.spec.problems import Place, Problems
from hpstudy.spec.space import Condition, Scalar, Settings, written
from hpstudy.spec.study import Cell

# the one setting that an arm may have otherwise than the study says
GAMMA = "model.gamma_initializer"
_REPLACED = "arms that freeze gamma have it at 1; give it in the arm itself, or leave it out"


@dataclass
class _Met:
    """A given setting: whether some cell has it, and else by what others it was ruled out."""

    key: str
    place: Place
    used: bool = False
    # other setting -> the values that it had, and those under which this one exists
    ruled_out: dict[str, tuple[dict[Scalar, None], tuple[Scalar, ...]]] = field(
        default_factory=dict
    )


class Unused:
    """Every setting of models and training that was given in what has been read so far."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str, int, int], _Met] = {}
        self._sound = True

    def doubt(self) -> None:
        """A whole part was misread, which may use what seems unused."""
        self._sound = False

    def meet(self, cell: Cell, places: Mapping[str, Place], doubts: Collection[str]) -> None:
        """`places` says where the settings of the cell's arm are given, whatever became of them.

        What settings in `doubts` rule out may only wait for a mistake's mending.
        """
        replaced = not {GAMMA, "subset.train"}.intersection(doubts)
        for key, place in {**places, **cell.given}.items():
            if key.startswith("subset."):
                # an arm's own checks tell of these
                continue
            at = (key, place.file, place.line, place.column)
            met = self._met.setdefault(at, _Met(key, place))
            rules = dict(_rules(key, cell.settings, cell.conditions))
            others = {other: allowed for other, allowed in rules.items() if other not in doubts}
            met.used |= not others and (key in cell.given or bool(rules) or not replaced)
            for other, allowed in others.items():
                seen, _ = met.ruled_out.setdefault(other, ({}, allowed))
                seen.update(dict.fromkeys(possible(other, cell.settings) or ()))

    def tell(self, problems: Problems) -> None:
        """Tell each setting that nothing uses, with what rules it out."""
        for met in self._met.values() if self._sound else ():
            if not met.used:
                why = "; ".join(
                    f"{other} is {_either(seen)}, and it exists where that is {_either(allowed)}"
                    for other, (seen, allowed) in met.ruled_out.items()
                )
                say = f"{why}; leave it out" if why else _REPLACED
                problems.add(met.place, f"{met.key} is given and never used: {say}")


def is_dead(key: str, settings: Settings, conditions: Mapping[str, Condition]) -> bool:
    """Whether fixed settings rule out that `key` ever exists in this cell."""
    return bool(_rules(key, settings, conditions))


def _rules(
    key: str, settings: Settings, conditions: Mapping[str, Condition]
) -> list[tuple[str, tuple[Scalar, ...]]]:
    """The settings that rule `key` out, each with the values that would allow it."""
    found = []
    for other, allowed in conditions.get(key, {}).items():
        values = possible(other, settings)
        if values is None:
            continue
        if not any(value in allowed for value in values):
            found.append((other, allowed))
        else:
            found += _rules(other, settings, conditions)
    return found


def _either(values: Mapping[Scalar, None] | tuple[Scalar, ...]) -> str:
    return " or ".join(map(written, values))
