"""One setting's value read from the file: fixed, a range, or a sweep."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from hpstudy.spec.declarations import Parameter
from hpstudy.spec.edits import RANGE_WORDS
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import Choice, FloatRange, IntRange, Scalar, Value
from hpstudy.spec.values import fixed, takes
from hpstudy.spec.yaml import Node

Branches = Callable[[Node], Mapping[str, Value]]
# reads one fixed value of a setting, or tells what is wrong with it and gives None
Fixed = Callable[[Parameter, Node, str, Problems], Scalar]


@dataclass(frozen=True)
class Sweep:
    """Values that are crossed, not searched."""

    values: tuple[Scalar, ...]


def is_range_mapping(node: Node) -> bool:
    return any(word in node.entries for word in RANGE_WORDS)


def value(
    parameter: Parameter,
    node: Node,
    key: str,
    problems: Problems,
    branches: Branches,
    read_fixed: Fixed = fixed,
) -> Value | Sweep:
    """A fixed value, a range or a sweep; None where it is wrong."""
    if not isinstance(node.content, Mapping):
        return read_fixed(parameter, node, key, problems)
    words = [word for word in RANGE_WORDS if word in node.entries]
    if len(words) != 1:
        problems.add(node, f"{key} is {node.seen}; {_forms(parameter, node)}")
        return None
    word = words[0]
    beside = ("log", "step") if word in ("int", "float") else ()
    for name, entry in node.entries.items():
        if name != word and name not in beside:
            problems.unknown(entry.key, f"key beside `{word}` in {key}", name, (word, *beside))
    inner = node.entries[word].value
    if word == "sweep":
        return _sweep(parameter, inner, key, problems, read_fixed)
    if word == "choice":
        return _choice(parameter, inner, key, problems, branches, read_fixed)
    return _numeric(parameter, node, word, key, problems)


def _forms(parameter: Parameter, node: Node) -> str:
    """How a value or a range of a setting is written."""
    named = [name for name in node.entries if name not in ("log", "step")]
    close = get_close_matches(named[0], RANGE_WORDS, n=1) if len(named) == 1 else []
    hint = f"did you mean `{close[0]}`? " if close else ""
    chosen = next((name for name in named if name in parameter.options), None)
    if chosen is not None:
        return f"write `{chosen}`, and its settings beside it, or {{choice: {{{chosen}: {{...}}}}}}"
    numeric = {"int": "{int: [low, high]}, ", "float": "{float: [low, high], log: true}, "}
    numeric |= {"number_or_choice": numeric["float"], "any": numeric["int"] + numeric["float"]}
    forms = f"{numeric.get(parameter.kind, '')}{{choice: [...]}} or {{sweep: [...]}}"
    return f"{hint}it takes {takes(parameter)}; a range or a sweep is written {forms}"


def _sweep(
    parameter: Parameter, node: Node, key: str, problems: Problems, read_fixed: Fixed
) -> Sweep | None:
    if not isinstance(node.content, tuple) or not node.content:
        problems.add(node, f"{key}: a sweep takes a list of values; saw {node.seen}")
        return None
    if any(isinstance(item.content, Mapping) for item in node.content):
        say = "a sweep takes fixed values, and no range can stand inside it"
        problems.add(node, f"{key}: {say}; saw {node.seen}")
        return None
    found = _each(parameter, node.content, key, problems, read_fixed)
    return Sweep(found) if found else None


def _choice(
    parameter: Parameter,
    node: Node,
    key: str,
    problems: Problems,
    branches: Branches,
    read_fixed: Fixed,
) -> Choice | None:
    if isinstance(node.content, tuple) and node.content:
        options = _each(parameter, node.content, key, problems, read_fixed)
        return Choice(options) if options else None
    if not node.entries:
        example = "{choice: [a, b]} or {choice: {a: {...}, b: {...}}}"
        problems.add(node, f"{key}: a choice is written {example}; saw {node.seen}")
        return None
    keys = tuple(entry.key for entry in node.entries.values())
    options = _each(parameter, keys, key, problems, read_fixed)
    inside = [branches(entry.value) for entry in node.entries.values()]
    if len(options) < len(keys):
        return None
    return Choice(options, {o: inner for o, inner in zip(options, inside, strict=True) if inner})


def _each(
    parameter: Parameter,
    nodes: tuple[Node, ...],
    key: str,
    problems: Problems,
    read_fixed: Fixed,
) -> tuple[Scalar, ...]:
    found: list[Scalar] = []
    for node in nodes:
        one = read_fixed(parameter, node, key, problems)
        if one is None:
            continue
        if any(one == other and type(one) is type(other) for other in found):
            problems.add(node, f"{key} lists {node.seen} twice; keep one")
            continue
        found.append(one)
    return tuple(found) if len(found) == len(nodes) else ()


def _numeric(
    parameter: Parameter, node: Node, word: str, key: str, problems: Problems
) -> IntRange | FloatRange | None:
    pair = node.entries[word].value
    wanted = "int" if parameter.kind == "int" else "float"
    if parameter.kind == "any":
        parameter = replace(parameter, kind="int" if word == "int" else "float")
        wanted = word
    if parameter.kind not in ("int", "float", "number_or_choice"):
        say = f"has no `{word}` range, since it takes {takes(parameter)}; write {{choice: [...]}}"
        problems.add(node, f"{key} {say}")
        return None
    if word != wanted:
        problems.add(node, f"{key} takes {takes(parameter)}; write `{wanted}:`, not `{word}:`")
        return None
    if not isinstance(pair.content, tuple) or len(pair.content) != 2:
        problems.add(pair, f"{key}: a range is {word}: [low, high]; saw {pair.seen}")
        return None
    ends = [
        fixed(parameter, item, f"{key} ({end})", problems)
        for item, end in zip(pair.content, ("low", "high"), strict=True)
    ]
    log, step = _log(node, key, problems), _step(parameter, node, word, key, problems)
    if not all(isinstance(end, int | float) for end in ends):
        return None
    low, high = (end for end in ends if isinstance(end, int | float))
    say = ""
    if low > high:
        say = f"the low end {low:g} is above the high end {high:g}; write [low, high]"
    elif log and low <= 0:
        say = f"a log range must start above 0; saw {low:g}"
    elif log and parameter.step > 1:
        say = f"it goes in steps of {parameter.step}, which a log range does not; leave out `log`"
    elif log and step is not None and (word == "float" or step != 1):
        say = "`log` and `step` exclude each other; keep one"
    elif step is not None and abs(round((high - low) / step) * step - (high - low)) > 1e-9 * step:
        last = low + math.floor((high - low) / step) * step
        say = f"steps of {step:g} from {low:g} do not reach {high:g}; end at {last:g}"
    if say:
        problems.add(pair, f"{key}: {say}")
        return None
    if word == "int":
        return IntRange(int(low), int(high), log, int(step or 1))
    return FloatRange(float(low), float(high), log, step)


def _log(node: Node, key: str, problems: Problems) -> bool:
    if "log" not in node.entries:
        return False
    given = node.entries["log"].value
    if not isinstance(given.content, bool):
        problems.add(given, f"{key}: `log` is true or false; saw {given.seen}")
        return False
    return given.content


def _step(
    parameter: Parameter, node: Node, word: str, key: str, problems: Problems
) -> float | None:
    least = parameter.step
    if "step" not in node.entries:
        return least if least > 1 else None
    kind: Parameter = (
        Parameter("step", "int", None, "", least, step=least)
        if word == "int"
        else Parameter("step", "float", None, "", 0, open_low=True)
    )
    found = fixed(kind, node.entries["step"].value, f"{key} (step)", problems)
    return found if isinstance(found, int | float) else None
