"""What a study file says of somebody's hypermodel, held against it before a folder is touched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from hpstudy import entries, outside, probing, remembered
from hpstudy.data import Split
from hpstudy.errors import HypermodelError
from hpstudy.firstbuild import Met, built
from hpstudy.spec.foreign import HP, is_foreign
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.source import source
from hpstudy.spec.spelling import spelled
from hpstudy.spec.study import Cell, Spec
from hpstudy.store import Store


def check(spec: Spec, split: Split, store: Store) -> tuple[str, ...]:
    """What is doubtful in a study of somebody's hypermodel; nothing for other studies.

    A worker builds it once for each arm; a folder that holds trials of it answers instead. Raises
    HypermodelError where it cannot be built or gives what no study of the data can score, and
    SpecError for settings that it decides itself, for parameters that it does not have, for values
    that it does not offer and fails with, unless trials of the cell that has them say so already,
    and for a subset of which its only network has nothing.
    """
    cells = [cell for cell in spec.cells if is_foreign(cell.settings)]
    arms = {name: [cell for cell in cells if cell.arm == name] for name in spec.arms}
    firsts = [own[0] for own in arms.values() if own]
    stored = {cell.arm: one for cell in firsts if (one := remembered.met(cell, store)) is not None}
    unknown = [cell for cell in firsts if cell.arm not in stored]
    met = built(spec, split, unknown) if unknown else []
    known = stored | {cell.arm: one for cell, one in zip(unknown, met, strict=True)}
    problems, doubts = Problems(), Problems()
    for cell in firsts:
        one = known[cell.arm]
        if one.reason is not None:
            _fail(cell, one, problems)
        probing.collide(cell, one.decided, problems)
        _unmet(spec, cell, frozenset(one.asked), problems, doubts)
        outside.widen(arms[cell.arm], one.asked, doubts)
        entries.check(arms[cell.arm], one, problems, doubts)
    problems.check()
    further = _untried(remembered.without_trials(cells, store), firsts, known)
    for cell, one in zip(further, built(spec, split, further) if further else [], strict=True):
        if one.reason is not None:
            _fail(cell, one, problems)
    problems.check()
    return tuple(map(str, doubts.found))


def _fail(cell: Cell, met: Met, problems: Problems) -> None:
    """Tell a failed build at the values that may have caused it; raise where there are none."""
    assert met.reason is not None
    if not outside.outside(cell, met.asked):
        how = "cannot be built by its own defaults" if met.tensors is None else "cannot be trained"
        raise HypermodelError(f"{cell.settings['model.type']} {how}, so nothing ran: {met.reason}")
    outside.tell(cell, met.asked, met.reason, problems)


def _untried(cells: Iterable[Cell], firsts: Iterable[Cell], known: Mapping[str, Met]) -> list[Cell]:
    """The cells, of one value each, with values that are not offered and were never built.

    What one arm was built with says nothing of another arm, or of other arguments: theirs is
    another network. Builds that are alike all the same are made once.
    """
    built_with = {_made(cell): set(known[cell.arm].values) for cell in firsts}
    found = []
    for cell in cells:
        asked, tried = known[cell.arm].asked, built_with.setdefault(_made(cell), set())
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


def _made(cell: Cell) -> tuple[str, frozenset[tuple[str, str]]]:
    """A cell's arm, and all that it says of its network but the values of parameters."""
    said = (key for key in cell.settings if key.startswith("model.") and not key.startswith(HP))
    return cell.arm, frozenset((key, repr(cell.settings[key])) for key in said)


def _unmet(
    spec: Spec, cell: Cell, names: frozenset[str], problems: Problems, doubts: Problems
) -> None:
    """Tell of parameters that the study gives and the hypermodel has not asked for.

    Another value of some parameter may bring a name up, so it is wrong only where the source's own
    text, which accounts for every name that was asked for, could never make it.
    """
    given = [key.removeprefix(HP) for key in cell.given if key.startswith(HP)]
    unmet = [name for name in given if name not in names]
    if not unmet:
        return
    hypermodel = str(cell.settings["model.type"])
    possible = spelled(source(hypermodel, Path(spec.path).absolute().parent).files)
    whole = all(map(possible, names))
    for name in unmet:
        place, near = cell.given[f"{HP}{name}"], nearest(name, sorted(names))
        say = f"model.hp.{name} is given, and {hypermodel}"
        if whole and not possible(name):
            problems.add(place, f"{say} asks for no such parameter; {near}")
        elif not possible(name):
            doubts.add(place, f"{say} did not ask for it when it was built; {near}")
