"""What a study file says of somebody's hypermodel, held against it before a folder is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hpstudy import outside, probing
from hpstudy.data import Split
from hpstudy.errors import HypermodelError
from hpstudy.firstbuild import Met, built
from hpstudy.spec.foreign import ARGS, CODE, COMPILED, HP, is_foreign
from hpstudy.spec.growth import cells_as_json
from hpstudy.spec.identity import canonical
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.registered import Registered
from hpstudy.spec.source import source
from hpstudy.spec.spelling import spelled
from hpstudy.spec.study import Cell, Spec
from hpstudy.store import Store


def check(spec: Spec, split: Split, store: Store) -> tuple[str, ...]:
    """What is doubtful in a study of somebody's hypermodel; nothing for other studies.

    A worker builds it once for each arm; a folder that holds trials of it answers instead. Raises
    HypermodelError where it cannot be built, and SpecError for settings that it decides itself, for
    parameters that it does not have, and for values that it does not offer and fails with, unless
    trials of the cell that has them say so already.
    """
    cells = [cell for cell in spec.cells if is_foreign(cell.settings)]
    first = {cell.arm: cell for cell in reversed(cells)}
    firsts = [first[arm] for arm in spec.arms if arm in first]
    stored = {cell.arm: one for cell in firsts if (one := _stored(cell, store)) is not None}
    unknown = [cell for cell in firsts if cell.arm not in stored]
    met = built(spec, split, unknown) if unknown else []
    known = stored | {cell.arm: one for cell, one in zip(unknown, met, strict=True)}
    problems, doubts = Problems(), dict[str, None]()
    for cell in firsts:
        one = known[cell.arm]
        if one.reason is not None:
            _fail(cell, one, problems)
        probing.collide(cell, one.decided, problems)
        doubts |= dict.fromkeys(_unmet(spec, cell, frozenset(one.asked), problems))
    problems.check()
    further = _untried(_without_trials(cells, store), known)
    for cell, one in zip(further, built(spec, split, further) if further else [], strict=True):
        if one.reason is not None:
            _fail(cell, one, problems)
    problems.check()
    return tuple(doubts)


def _fail(cell: Cell, met: Met, problems: Problems) -> None:
    """Tell a failed build at the values that may have caused it; raise where there are none."""
    assert met.reason is not None
    if not outside.outside(cell, met.asked):
        say = f"{cell.settings['model.type']} cannot be built by its own defaults, so nothing ran"
        raise HypermodelError(f"{say}: {met.reason}")
    outside.tell(cell, met.asked, met.reason, problems)


def _untried(cells: Iterable[Cell], known: Mapping[str, Met]) -> list[Cell]:
    """The cells, of one value each, with values that are not offered and were never built."""
    tried = {value for met in known.values() for value in met.values}
    found = []
    for cell in cells:
        asked = known[cell.arm].asked
        for one in outside.single(cell, asked):
            values = {
                (name, repr(value))
                for name, value in outside.outside(one, asked).items()
                if outside.may_fail(asked[name], value)
            }
            if values - tried:
                found.append(one)
                tried |= values
    return found


def _without_trials(cells: list[Cell], store: Store) -> list[Cell]:
    """The cells that have no trials yet of the values that the study now gives them."""
    given: dict[str, str] = {}
    trained = set()
    for event in store.events():
        if event["event"] == "study":
            given = {cell["name"]: _values(cell["settings"]) for cell in event["cells"]}
        elif "discovery" in event and not event["discovery"].get("lost"):
            trained.add(event["cell"])
    said = {one["name"]: _values(one["settings"]) for one in cells_as_json(cells)}
    same = {name for name in trained if name in said and said[name] == given.get(name)}
    return [cell for cell in cells if cell.name not in same]


def _values(settings: Mapping[str, Any]) -> str:
    """The values and ranges of a hypermodel's parameters in the `study` event, as one text."""
    return canonical({key: value for key, value in settings.items() if key.startswith(HP)})


def _stored(cell: Cell, store: Store) -> Met | None:
    """What a folder's trials of a cell's hypermodel tell; None where it has none.

    One whose worker died may not have been asked all, so it tells of names beside others alone.
    """
    asked: dict[str, Registered] = {}
    values: set[tuple[str, str]] = set()
    decided: tuple[str, ...] = ()
    found = False
    for event in store.events():
        if "discovery" not in event or _made_of(event["config"]) != _made_of(cell.settings):
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


def _made_of(settings: Mapping[str, Any]) -> str:
    """The hypermodel that settings or a configuration are about, as one text."""
    about = ("model.type", CODE)
    return canonical({k: v for k, v in settings.items() if k in about or k.startswith(ARGS)})


def _unmet(spec: Spec, cell: Cell, names: frozenset[str], problems: Problems) -> list[str]:
    """Doubts about parameters that the study gives and the hypermodel has not asked for.

    Another value of some parameter may bring a name up, so it is wrong only where the source's own
    text, which accounts for every name that was asked for, could never make it.
    """
    given = [key.removeprefix(HP) for key in cell.given if key.startswith(HP)]
    unmet = [name for name in given if name not in names]
    if not unmet:
        return []
    hypermodel = str(cell.settings["model.type"])
    possible = spelled(source(hypermodel, Path(spec.path).absolute().parent).files)
    whole = all(map(possible, names))
    doubts = []
    for name in unmet:
        place, near = cell.given[f"{HP}{name}"], nearest(name, sorted(names))
        say = f"model.hp.{name} is given, and {hypermodel}"
        if whole and not possible(name):
            problems.add(place, f"{say} asks for no such parameter; {near}")
        elif not possible(name):
            where = f"{place.file}:{place.line}:{place.column}"
            doubts.append(f"{where}: {say} did not ask for it when it was built; {near}")
    return doubts
