"""Whether an arm's subset has entries to train in somebody's network, as it is first built."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from hpstudy.firstbuild import Met
from hpstudy.outside import first
from hpstudy.spec.declarations import Tensor
from hpstudy.spec.foreign import HP
from hpstudy.spec.problems import Problems
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import Value, is_range, resolve
from hpstudy.spec.study import Cell
from hpstudy.subsets.rules import WORDS, Rule, RuleError, count


def check(cells: Sequence[Cell], met: Met, problems: Problems, doubts: Problems) -> None:
    """Tell which subsets of an arm's cells their one network cannot satisfy, or train by.

    It is doubtful while the trials of a cell may have another network, or another subset.
    """
    if met.tensors is None or met.reason is not None:
        return
    for cell in cells:
        why = _unfit(cell, met.tensors)
        if why is None:
            continue
        place, say = cell.given["subset.train"], f"{_name(cell)}: {why}"
        if _varies(cell, met):
            doubts.add(place, f"{say}; each trial with such a network fails")
        else:
            problems.add(place, say)


def networks(cells: Sequence[Cell]) -> list[list[Cell]]:
    """The cells of an arm by the network that they first have, in their order."""
    found: list[list[Cell]] = []
    for cell in cells:
        alike = next((one for one in found if _model(one[0]) == _model(cell)), None)
        if alike is None:
            found.append([cell])
        else:
            alike.append(cell)
    return found


def _model(cell: Cell) -> dict[str, Value]:
    """The settings of a cell that its network may follow from."""
    return {key: value for key, value in cell.settings.items() if key.startswith("model.")}


def _name(cell: Cell) -> str:
    """A cell's name without the sweeps that change neither its network nor its subset."""
    point = {k: value for k, value in cell.point.items() if k.startswith(("model.", "subset."))}
    return replace(cell, point=point).name


def _unfit(cell: Cell, tensors: Sequence[Tensor]) -> str | None:
    """Why a network with these tensors is none for the first subset of a cell, or None."""
    own = {key: value for key, value in cell.settings.items() if key.startswith("subset.")}
    config = resolve(own, cell.conditions, lambda name, value: first(value)).config
    try:
        trained = count(Rule.from_config(config), tensors).trained
    except RuleError as error:
        return f"{error}, in the network that {cell.settings['model.type']} first builds"
    train = config["subset.train"]
    if trained or train == "none":
        return None
    return (
        f"train: {train!r} trains nothing in the network that {cell.settings['model.type']} first "
        f"builds; what trains something there: {', '.join(_training(tensors)) or 'nothing'}"
    )


def _training(tensors: Sequence[Tensor]) -> list[str]:
    """The words that name entries of a network."""
    found = []
    for word in WORDS:
        with suppress(RuleError):
            # without an amount, `random` is none of them
            if count(Rule(word), tensors).trained:
                found.append(word)
    return found


def _varies(cell: Cell, met: Met) -> bool:
    """Whether trials of a cell may differ in their network or in their subset."""
    late = {f"{HP}{name}" for name, one in met.asked.items() if not one.built}
    given = (key for key, value in cell.settings.items() if is_range(value) and key not in late)
    if any(key.startswith(("model.", "subset.")) for key in given):
        return True
    left = (one for name, one in met.asked.items() if f"{HP}{name}" not in cell.settings)
    return cell.search is not None and any(one.built and _several(one) for one in left)


def _several(asked: Registered) -> bool:
    """Whether a driver that is asked for a parameter has more than one value to give."""
    if asked.kind in ("choice", "fixed"):
        return len(asked.options) > 1
    return asked.low < asked.high
