"""What two cells differ in besides their subset: networks, initial values, counts, costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hpstudy.analysis import networks
from hpstudy.analysis.flag import Flag
from hpstudy.analysis.ranges import searched
from hpstudy.analysis.record import CellRecord, StudyRecord
from hpstudy.analysis.words import number, setting, thousands
from hpstudy.spec.foreign import NETWORK
from hpstudy.spec.objectives import COSTS, costs

INITIAL = "_initializer"


def networks_differ(a: CellRecord, b: CellRecord) -> list[Flag]:
    keys = architecture_differences(a, b)
    if not keys:
        return []
    return [Flag("networks differ", f"networks differ ({differences(a, b, keys)})")]


def declared(a: CellRecord, b: CellRecord, keys: Iterable[str]) -> bool:
    """Whether the study asks what these settings do: both arms train the same subset of their
    networks, and no search chose any of the values.
    """
    left, right = (
        {key: value for key, value in cell.config.items() if key.startswith("subset.")}
        for cell in (a, b)
    )
    return left == right and all(_fixed(cell, key) for cell in (a, b) for key in keys)


def _fixed(cell: CellRecord, key: str) -> bool:
    chosen = {one.key for one in searched(cell.settings, cell.config)}
    return key in cell.settings and key not in chosen


def networks_compared(record: StudyRecord, a: CellRecord, b: CellRecord) -> tuple[str, bool]:
    """What both networks are, or what they differ in, and whether that calls a claim into question.

    A difference does, beside that of the subsets, unless it is the one that the study asks about.
    """
    changed = architecture_differences(a, b)
    initial = [key for key in networks.differ(a, b) if key.endswith(INITIAL)]
    if not changed:
        but = f" but for {differences(a, b, initial)}" if initial else ""
        return f"same network ({_network(record, a, b)}){but}", False
    # a setting that one side does not have at all follows from another one
    initial = [key for key in initial if key in a.config and key in b.config]
    if changed == [NETWORK]:
        return "networks differ, though no setting that is known does", True
    keys = [*changed, *initial]
    left, right = (f"{cell.arm} has {', '.join(_values(cell, keys))}" for cell in (a, b))
    if declared(a, b, keys):
        return f"the networks differ as the study asks: {left}, {right}", False
    return f"networks differ: {left}, {right}", True


def architecture_differences(a: CellRecord, b: CellRecord) -> list[str]:
    """The settings in which two networks differ, without those that only follow from others."""
    found = [key for key in networks.differ(a, b) if not key.endswith(INITIAL)]
    both = [key for key in found if key in a.config and key in b.config]
    return both or found


def differences(a: CellRecord, b: CellRecord, keys: Iterable[str]) -> str:
    """'width 128 against 256' for each key."""
    pairs = ((setting(key), a.config.get(key), b.config.get(key)) for key in keys)
    return ", ".join(
        f"{name} {number(left)} against {number(right)}" for name, left, right in pairs
    )


def _network(record: StudyRecord, a: CellRecord, b: CellRecord) -> str:
    """'mlp, width 128': the type, and what is searched in either cell.

    What is swept stands before the claim.
    """
    config = a.config
    ranged = {one.key for cell in (a, b) for one in searched(cell.settings, cell.config)}
    named = {"model.depth", "model.width", *ranged} - networks.idle(a, b) - {*record.axes}
    keys = sorted(k for k in named if k.startswith("model.") and k in config and k != "model.type")
    return ", ".join([str(config.get("model.type", "network")), *_values(a, keys)])


def _values(cell: CellRecord, keys: Sequence[str]) -> list[str]:
    return [f"{setting(key)} {number(cell.config.get(key))}" for key in keys]


def counts_differ(a: CellRecord, b: CellRecord) -> list[Flag]:
    """A note where different subsets are compared; grave where one arm was to match the other."""
    left, right = a.counts.get("trained"), b.counts.get("trained")
    if left is None or right is None or left == right:
        return []
    words = f"{thousands(left)} against {thousands(right)} trained parameters"
    return [Flag("counts differ", f"counts differ ({words})", grave=_matches(a, b))]


def bought(a: CellRecord, b: CellRecord) -> list[str]:
    """That picks of searches for costs are those of the best score, whatever each cost."""
    named = [cost for cost in a.costs if cost in b.costs]
    if not named:
        return []
    spent = [costs(named, {"counts": cell.counts, "epochs": _epochs(cell)}) for cell in (a, b)]
    told = [
        f"{thousands(spent[0][cost])} against {thousands(spent[1][cost])} {COSTS[cost]}"
        for cost in named
        if cost in spent[0] and cost in spent[1] and spent[0][cost] != spent[1][cost]
    ]
    if not told:
        return []
    return [f"not at equal cost: each pick is its front's best by score ({', '.join(told)})"]


def _epochs(cell: CellRecord) -> int | None:
    """The epochs of the pick's search run, which is what its search counted."""
    return next((r["epochs"] for r in cell.phase("search") if r["trial"] == cell.pick), None)


def _matches(a: CellRecord, b: CellRecord) -> bool:
    """Whether one arm draws as many random entries as the rule of the other one trains."""
    return any(
        one.config.get("subset.match") is not None
        and one.config["subset.match"] == other.config.get("subset.train")
        for one, other in ((a, b), (b, a))
    )
