"""Cells: each arm at each sweep point, with every setting, its conditions and its search."""

from __future__ import annotations

from collections.abc import Mapping

from hpstudy.spec import arms, foreign
from hpstudy.spec.checks import CellCheck
from hpstudy.spec.ground import Arm, Ground
from hpstudy.spec.layers import branch_keys, conditions, ordered, overridden, pruned, walk
from hpstudy.spec.problems import Problems
from hpstudy.spec.ranges import Sweep
from hpstudy.spec.section import Given, Layer
from hpstudy.spec.space import Condition, Config, Value, is_range
from hpstudy.spec.study import Cell
from hpstudy.spec.sweeps import points
from hpstudy.spec.training import TRAINING
from hpstudy.spec.unused import GAMMA, Unused, is_dead


def cells(ground: Ground, arm: Arm, unused: Unused, problems: Problems) -> list[Cell]:
    """The cells of one arm, in the order of its sweeps; each checked, and met by `unused`."""
    layer = overridden(ground.base, arm.settings)
    doubts = in_doubt(ground, arm)
    layer.setdefault("subset.train", Given("all", arm.place))
    drawn = not doubts.intersection(("subset.train", *arms.AMOUNTS))
    if drawn:
        arms.check_swept(layer, problems)
    places = {key: given.node for key, given in layer.items()}
    if ground.joint is not None:
        places = {**ground.joint.places, **places}
    found: dict[str, Cell] = {}
    for point in points(layer, arm.settings, ground.joint, problems):
        given = _given(arm, layer, point, drawn, problems)
        when = {
            **conditions("model", ground.parameters),
            **conditions("training", TRAINING),
            **arms.conditions(given["subset.train"], (f"subset.{p.name}" for p in arms.SUBSET)),
        }
        settings = _completed(ground, given, when)
        alive = {key for key in settings if not is_dead(key, settings, when)}
        for key, value in settings.items():
            if key not in alive and is_range(value):
                settings[key] = ground.defaults.get(key)
        settings = ordered(settings, when, places, problems)
        at_one = _at_one(arm, given["subset.train"], point)
        found_at = {key: places[top] for top, key, _ in walk(settings) if top in places}
        searched = any(is_range(value) for value in settings.values())
        searched |= foreign.is_foreign(settings)
        cell = Cell(
            arm=arm.name,
            point={key: value for key, value in point.items() if key in alive},
            settings=settings,
            conditions={key: condition for key, condition in when.items() if key in settings},
            defaults=ground.defaults,
            search=arm.search if searched else None,
            given={key: place for key, place in found_at.items() if not (at_one and key == GAMMA)},
        )
        CellCheck(cell, arm, ground, places, doubts, problems).all()
        unused.meet(cell, places, doubts)
        found.setdefault(cell.name, cell)
    return list(found.values())


def in_doubt(ground: Ground, arm: Arm) -> frozenset[str]:
    """The settings of an arm's cells that mistakes in the file may have changed."""
    own = arm.settings.keys()
    return frozenset(key for key in ground.doubts if key not in own) | arm.doubts


def _given(
    arm: Arm, layer: Layer, point: Config, drawn: bool, problems: Problems
) -> dict[str, Value]:
    """What the file says about one cell; an arm that freezes gamma has gamma at one.

    `drawn` is whether it is known which random weights are asked for.
    """
    given: dict[str, Value] = {}
    for key, one in layer.items():
        if not isinstance(one.value, Sweep):
            given[key] = one.value
    given |= point
    train = given["subset.train"]
    swept = isinstance(layer["subset.train"].value, Sweep)
    if swept and not any(arms.has_random(option) for option in arms.options(train)):
        given = {key: value for key, value in given.items() if key not in arms.AMOUNTS}
    elif drawn:
        subset = {key: value for key, value in given.items() if key.startswith("subset.")}
        arms.check_amounts(subset, layer, problems)
    if not _at_one(arm, train, point):
        return given
    without = {key: pruned(value, {GAMMA}) for key, value in given.items()}
    return {**{k: v for k, v in without.items() if not isinstance(v, Sweep)}, GAMMA: "ones"}


def _at_one(arm: Arm, train: Value, point: Config) -> bool:
    """Whether an arm freezes gamma and says nothing of it."""
    own = set(arm.settings).union(*(branch_keys(one.value) for one in arm.settings.values()))
    return not (GAMMA in own or GAMMA in point or is_range(train) or arms.trains_gamma(train))


def _completed(
    ground: Ground, given: Mapping[str, Value], when: Mapping[str, Condition]
) -> dict[str, Value]:
    """All settings in the declared order, with the defaults of those that nobody sets."""
    every: dict[str, Value] = {**ground.defaults, **given}
    settings: dict[str, Value] = {"model.type": ground.model}
    if foreign.is_foreign(settings):
        # a hypermodel may say these itself, so only what the file says is laid down
        told = {key for _, key, _ in walk(given)}
        left = {foreign.BATCH} - told
        left |= set() if foreign.compiles(told) else set(foreign.COMPILED)
        every = {key: value for key, value in every.items() if key not in left}
    for key in ground.declared:
        never = key.startswith("subset.") and not all(when.get(key, {"": ("",)}).values())
        if key in every and not never:
            settings[key] = every[key]
    return settings
