"""What a study file says of somebody's hypermodel, held against it before a folder is touched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpstudy import probing
from hpstudy.data import Split
from hpstudy.firstbuild import Met, built
from hpstudy.spec.foreign import ARGS, CODE, COMPILED, HP, is_foreign
from hpstudy.spec.identity import canonical
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.source import source
from hpstudy.spec.spelling import spelled
from hpstudy.spec.study import Cell, Spec
from hpstudy.store import Store


def check(spec: Spec, split: Split, store: Store) -> tuple[str, ...]:
    """What is doubtful in a study of somebody's hypermodel; nothing for other studies.

    A worker builds it once for each arm; a folder that holds trials of it answers instead. Raises
    HypermodelError where it cannot be built, and SpecError for settings that it decides itself and
    for parameters that it does not have.
    """
    first = {cell.arm: cell for cell in reversed(spec.cells) if is_foreign(cell.settings)}
    cells = [first[arm] for arm in spec.arms if arm in first]
    met = [one for one in (_stored(cell, store) for cell in cells) if one is not None]
    if len(met) < len(cells):
        met = built(spec, split, cells)
    problems, doubts = Problems(), dict[str, None]()
    for cell, one in zip(cells, met, strict=True):
        probing.collide(cell, one.decided, problems)
        doubts |= dict.fromkeys(_unmet(spec, cell, one.names, problems))
    problems.check()
    return tuple(doubts)


def _stored(cell: Cell, store: Store) -> Met | None:
    """What a folder's trials of a cell's hypermodel tell; None where it has none."""
    names: set[str] = set()
    decided: tuple[str, ...] = ()
    found = False
    for event in store.events():
        if "discovery" not in event or _made_of(event["config"]) != _made_of(cell.settings):
            continue
        found = True
        names |= {asked["name"] for asked in event["discovery"]["space"]}
        if "training.optimizer" in event["discovery"]["training"]:
            # what comes compiled brings its optimizer
            decided = COMPILED
    return Met(frozenset(names), decided) if found else None


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
