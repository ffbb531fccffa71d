"""Settings of a study and of its arms laid over each other, and put in the order of asking."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from hpstudy.spec.declarations import Parameter
from hpstudy.spec.problems import Problems
from hpstudy.spec.ranges import Sweep
from hpstudy.spec.section import Given, Layer
from hpstudy.spec.space import Choice, Condition, FloatRange, IntRange, Scalar, Value
from hpstudy.spec.yaml import Node

LENGTHS = ("training.length.epochs", "training.length.steps")


def conditions(prefix: str, parameters: Iterable[Parameter]) -> dict[str, Condition]:
    """When each setting exists, keyed by full dotted keys."""
    return {
        f"{prefix}.{parameter.name}": {
            f"{prefix}.{other}": allowed for other, allowed in parameter.when.items()
        }
        for parameter in parameters
        if parameter.when
    }


def overridden(below: Layer, above: Layer) -> Layer:
    """`below` with all that `above` says; a setting of `above` also replaces those in branches."""
    gone = set(above)
    if gone & set(LENGTHS):
        gone |= set(LENGTHS)
    kept = {
        key: Given(pruned(given.value, gone), given.node)
        for key, given in below.items()
        if key not in gone
    }
    return {**kept, **above}


def pruned(value: Value | Sweep, gone: Collection[str]) -> Value | Sweep:
    """The value without the settings `gone` in the branches of a choice."""
    if not isinstance(value, Choice):
        return value
    branches: dict[Scalar, Mapping[str, Value]] = {}
    for option, branch in value.branches.items():
        inner = {key: _fixed_or_range(pruned(v, gone)) for key, v in branch.items()}
        left = {key: v for key, v in inner.items() if key not in gone}
        if left:
            branches[option] = left
    return Choice(value.options, branches)


def _fixed_or_range(value: Value | Sweep) -> Value:
    assert not isinstance(value, Sweep)
    return value


def walk(settings: Mapping[str, Value]) -> Iterator[tuple[str, str, Value]]:
    """(top key, key, value) of every setting, branches included at any depth."""
    for key, value in settings.items():
        yield key, key, value
        if isinstance(value, Choice):
            for branch in value.branches.values():
                for _, inner, v in walk(branch):
                    yield key, inner, v


def branch_keys(value: object) -> set[str]:
    """Every setting that some branch of a choice holds, at any depth."""
    if not isinstance(value, Choice):
        return set()
    return {key for branch in value.branches.values() for _, key, _ in walk(branch)}


def possible(key: str, settings: Mapping[str, Value]) -> tuple[Scalar, ...] | None:
    """Every value that a setting can take, or None where a numeric range is among them."""
    found: list[Scalar] = []
    for _, other, value in walk(settings):
        if other != key:
            continue
        if isinstance(value, IntRange | FloatRange):
            return None
        found += value.options if isinstance(value, Choice) else (value,)
    return tuple(found)


def ordered(
    settings: Mapping[str, Value],
    conditions: Mapping[str, Condition],
    places: Mapping[str, Node],
    problems: Problems,
) -> dict[str, Value]:
    """The settings with each one after those that control it, inside branches too."""
    before = {key: _controllers(key, settings, conditions) for key in settings}
    order: list[str] = []
    for key in settings:
        _visit(key, before, (), order, places, problems)
    inside = {key for _, key, _ in walk(settings)}
    rank = {key: place for place, key in enumerate([*order, *sorted(inside - set(order))])}
    return {key: _sorted(settings[key], rank) for key in order}


def _controllers(
    key: str, settings: Mapping[str, Value], conditions: Mapping[str, Condition]
) -> list[str]:
    controlling = set(conditions.get(key, {}))
    controlling |= {other for other, value in settings.items() if key in branch_keys(value)}
    inside = branch_keys(settings[key])
    # what a branch of this choice holds is asked right after it, so its conditions come first
    for inner in inside - {key}:
        controlling |= set(conditions.get(inner, {})) - inside - {key}
    return [other for other in settings if other in controlling]


def _visit(
    key: str,
    before: Mapping[str, Sequence[str]],
    above: tuple[str, ...],
    order: list[str],
    places: Mapping[str, Node],
    problems: Problems,
) -> None:
    if key in above:
        circle = " > ".join([*above[above.index(key) :], key])
        told = next(k for k in (*above[above.index(key) :], key) if k in places)
        problems.add(places[told], f"settings control each other in a circle: {circle}")
        return
    if key in order:
        return
    for other in before[key]:
        _visit(other, before, (*above, key), order, places, problems)
    if key not in order:
        order.append(key)


def _sorted(value: Value, rank: Mapping[str, int]) -> Value:
    if not isinstance(value, Choice):
        return value
    return Choice(
        value.options,
        {
            option: {
                key: _sorted(branch[key], rank) for key in sorted(branch, key=rank.__getitem__)
            }
            for option, branch in value.branches.items()
        },
    )
