"""What a search may look for besides the score: costs that each run's record tells exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hpstudy.spec.declarations import DriverDeclaration
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.layers import LENGTHS, walk
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import is_range
from hpstudy.spec.study import Cell
from hpstudy.spec.yaml import Entry, Node

SCORE = "score"
COSTS: Mapping[str, str] = {
    "trained": "trained parameters",
    "parameters": "parameters in all",
    "epochs": "epochs of training",
}
_EXAMPLE = "[score, trained]"
# the settings whose ranges can change a cost
_CHANGED_BY = {
    "trained": ("model.", "subset."),
    "parameters": ("model.",),
    "epochs": ("training.length.", "training.early_stopping"),
}


def costs(names: Iterable[str], run: Mapping[str, Any]) -> dict[str, int]:
    """What a run cost, of the costs named; those that its record does not tell are left out."""
    counts = run.get("counts") or {}
    found: Mapping[str, int | None] = {
        "trained": counts.get("trained"),
        "parameters": counts.get("total"),
        "epochs": run.get("epochs"),
    }
    return {name: cost for name in names if (cost := found[name]) is not None}


def objectives(
    entries: Mapping[str, Entry],
    driver: DriverDeclaration,
    drivers: Mapping[str, DriverDeclaration],
    named: Mapping[str, str],
    problems: Problems,
) -> tuple[str, ...] | None:
    """The score and the costs of `search.objectives`; None where the score is all.

    `named` gives the sampler under the driver's word for it, the pruner, and that of `choose`
    under "choose.pruner".
    """
    if "objectives" not in entries:
        return None
    node = entries["objectives"].value
    names = _names(node, problems)
    if len(names) < 2:
        return None
    said = f"search.objectives has {len(names)} objectives"
    sampler = named[driver.word]
    if sampler not in driver.several:
        place = entries.get(driver.word) or entries.get("driver") or entries["objectives"]
        able = (
            f"driver {name} with {one.word} {', '.join(one.several)}"
            for name, one in drivers.items()
            if one.several
        )
        say = f"{said}, which {driver.word} {sampler} of driver {driver.name} cannot look for"
        problems.add(place.value, f"{say}; allowed: {'; '.join(able)}")
    for key in ("pruner", "choose.pruner"):
        if named[key] != "none":
            say = f"{said}, and a pruner compares one; saw {key} {named[key]}"
            given = _within(entries, key)
            problems.add(given, f"{say}; allowed: none, or leave `objectives` out")
    return names


def _within(entries: Mapping[str, Entry], key: str) -> Node:
    """The value of a dotted key that is given."""
    head, _, rest = key.partition(".")
    value = entries[head].value
    return _within(value.entries, rest) if rest else value


def _names(node: Node, problems: Problems) -> tuple[str, ...]:
    """The objectives as listed; none where they are no list of known words, score first."""
    if not isinstance(node.content, tuple):
        say = f"search.objectives is a list of the score and its costs, such as {_EXAMPLE}"
        problems.add(node, f"{say}; saw {node.seen}; costs: {', '.join(COSTS)}")
        return ()
    before = len(problems)
    names = tuple(item.text for item in node.content)
    for place, item in enumerate(node.content):
        if item.text not in (SCORE, *COSTS):
            problems.unknown(item, "objective", item.text or item.seen, (SCORE, *COSTS))
        elif item.text in names[:place]:
            problems.add(item, f"search.objectives lists {item.text} twice; keep one")
    if len(problems) == before and names[:1] != (SCORE,):
        say = f"search.objectives starts with the score, as in {_EXAMPLE}; saw {node.seen}"
        problems.add(node, say)
    return names if len(problems) == before else ()


def idle(cells: Iterable[Cell]) -> Iterator[str]:
    """Why an objective says nothing, for each cost that no range of any cell can change."""
    searched = [cell for cell in cells if cell.search is not None]
    every = dict.fromkeys(cost for cell in searched if cell.search for cost in cell.search.costs)
    for cost in every:
        if not any(_changes(cost, cell) for cell in searched):
            keys = " or ".join(key.rstrip(".") for key in _CHANGED_BY[cost])
            yield (
                f"search.objectives has {cost}, but nothing that is searched changes the "
                f"{COSTS[cost]}; give {keys} a range, or leave {cost} out"
            )


def _changes(cost: str, cell: Cell) -> bool:
    """Whether a cell's runs can differ in a cost."""
    ranges = [key for _, key, value in walk(cell.settings) if is_range(value)]
    changes = any(key.startswith(_CHANGED_BY[cost]) for key in ranges)
    if cost == "epochs":
        changes |= cell.settings.get("training.early_stopping") == "on"
        # so many steps are more epochs of larger batches
        changes |= LENGTHS[1] in cell.settings and "training.batch_size" in ranges
    return changes or is_foreign(cell.settings)
