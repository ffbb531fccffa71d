"""What a folder's trials tell of somebody's hypermodel, in place of a first build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hpstudy.firstbuild import Met
from hpstudy.spec.foreign import ARGS, CODE, COMPILED, HP
from hpstudy.spec.growth import cells_as_json
from hpstudy.spec.identity import canonical
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import is_range
from hpstudy.spec.study import Cell
from hpstudy.store import Store


def met(cell: Cell, store: Store) -> Met | None:
    """What the trials of a cell's arm and hypermodel tell; None where there are none.

    One whose worker died may not have been asked all, so it tells of names beside others alone.
    """
    asked: dict[str, Registered] = {}
    values: set[tuple[str, str]] = set()
    decided: tuple[str, ...] = ()
    found = False
    for event in store.events():
        if "discovery" not in event or event["arm"] != cell.arm or not _same(event, cell):
            continue
        discovery = event["discovery"]
        found |= not discovery.get("lost")
        for said in discovery["space"]:
            one = Registered.of({key: value for key, value in said.items() if key != "range"})
            asked[one.name] = one
            if discovery["reason"] is None:
                values.add((one.name, repr(event["config"].get(f"{HP}{one.name}"))))
        if "training.optimizer" in discovery["training"]:
            # what comes compiled brings its optimizer
            decided = COMPILED
    return Met(asked, decided, frozenset(values)) if found else None


def without_trials(cells: Iterable[Cell], store: Store) -> list[Cell]:
    """The cells that have no trials yet of their hypermodel with the values that they now have."""
    named = {cell.name: cell for cell in cells}
    given: dict[str, str] = {}
    trained = set()
    for event in store.events():
        if event["event"] == "study":
            given = {cell["name"]: _values(cell["settings"]) for cell in event["cells"]}
        elif "discovery" in event and not event["discovery"].get("lost"):
            cell = named.get(event["cell"])
            if cell is not None and _same(event, cell):
                trained.add(cell.name)
    said = {one["name"]: _values(one["settings"]) for one in cells_as_json(named.values())}
    same = {name for name in trained if said[name] == given.get(name)}
    return [cell for cell in named.values() if cell.name not in same]


def _same(event: Mapping[str, Any], cell: Cell) -> bool:
    """Whether a run had the hypermodel of a cell, with its code and its arguments as they are."""
    was, now = _made_of(event["config"]), _made_of(cell.settings)
    return was.keys() == now.keys() and all(
        is_range(value) or canonical(value) == canonical(was[key]) for key, value in now.items()
    )


def _made_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that say which hypermodel it is."""
    about = ("model.type", CODE)
    return {key: one for key, one in settings.items() if key in about or key.startswith(ARGS)}


def _values(settings: Mapping[str, Any]) -> str:
    """The values and ranges of a hypermodel's parameters in the `study` event, as one text."""
    return canonical({key: value for key, value in settings.items() if key.startswith(HP)})
