"""Sweeps: the axes that cross into cells, and the joint settings of a study's `sweep:` list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product

from hpstudy.spec.declarations import Parameter
from hpstudy.spec.layers import LENGTHS, branch_keys
from hpstudy.spec.problems import Problems
from hpstudy.spec.ranges import Sweep
from hpstudy.spec.section import Layer
from hpstudy.spec.space import Config
from hpstudy.spec.values import fixed
from hpstudy.spec.yaml import Node


@dataclass(frozen=True)
class Joint:
    """Settings that change together: one mapping for each step of the axis."""

    rows: tuple[Config, ...]
    places: Mapping[str, Node]


def joint(node: Node, parameters: Mapping[str, Parameter], problems: Problems) -> Joint | None:
    """The study's `sweep:` list; `parameters` are keyed by full dotted keys."""
    if not isinstance(node.content, tuple) or not node.content:
        example = "- {model.depth: 2, model.width: 64}"
        problems.add(node, f"sweep takes a list of settings such as {example}; saw {node.seen}")
        return None
    rows: list[Config] = []
    places: dict[str, Node] = {}
    for item in node.content:
        row: Config = {}
        if not item.entries:
            problems.add(item, f"an entry of sweep is a mapping of settings; saw {item.seen}")
        for key, entry in item.entries.items():
            if key not in parameters:
                problems.add(
                    entry.key, f"unknown setting in sweep: `{key}`; {_meant(key, parameters)}"
                )
            elif isinstance(entry.value.content, Mapping):
                say = "an entry of sweep holds fixed values, and no range can stand inside it"
                problems.add(entry.value, f"{key}: {say}; saw {entry.value.seen}")
            else:
                row[key] = fixed(parameters[key], entry.value, key, problems)
                places.setdefault(key, entry.key)
        names = ", ".join(item.entries)
        if rows and set(item.entries) != set(node.content[0].entries):
            first = ", ".join(node.content[0].entries)
            say = f"every entry of sweep sets the same settings; the first sets {first}"
            problems.add(item, f"{say}, this one {names or 'none'}")
        if row in rows:
            problems.add(item, f"sweep lists {item.seen} with equal values twice; keep one")
        rows.append(row)
    return Joint(tuple(rows), places)


def _meant(key: str, parameters: Collection[str]) -> str:
    inside = next((name for name in parameters if name.startswith(f"{key}.")), None)
    if inside is not None:
        return f"settings have their whole names here, as in {{{inside}: ...}}"
    near = [name for name in parameters if name.partition(".")[2] == key]
    near = near or get_close_matches(key, parameters, n=1)
    hint = f"did you mean `{near[0]}`? " if near else ""
    return f"{hint}allowed: model.depth and such, each setting of model and training"


def check_joint(study: Joint | None, base: Layer, problems: Problems) -> None:
    """A setting has one place: the joint sweep, or its section."""
    for key, node in (study.places if study else {}).items():
        rivals = LENGTHS if key in LENGTHS else (key,)
        for rival in rivals:
            if rival in base:
                where = base[rival].node
                say = f"{key} is swept jointly and also set in line {where.line}; keep one"
                problems.add(node, say)


def points(layer: Layer, own: Layer, study: Joint | None, problems: Problems) -> list[Config]:
    """Every sweep point of an arm; settings that the arm itself gives leave the joint sweep."""
    axes: list[list[Config]] = []
    if study is not None:
        rows: list[Config] = []
        for row in study.rows:
            left = {key: value for key, value in row.items() if key not in own}
            if left and left not in rows:
                rows.append(left)
        if rows:
            axes.append(rows)
    axes += [
        [{key: value} for value in given.value.values]
        for key, given in layer.items()
        if isinstance(given.value, Sweep)
    ]
    crossed = [{k: v for part in parts for k, v in part.items()} for parts in product(*axes)]
    inside: dict[str, Node] = {
        inner: given.node for given in layer.values() for inner in branch_keys(given.value)
    }
    for key in crossed[0]:
        if key in inside:
            say = f"{key} is swept and also stands inside a choice; keep one"
            problems.add(inside[key], say)
    return crossed
