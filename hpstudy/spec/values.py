"""One fixed value of a setting, read from the file."""

from __future__ import annotations

import math
from collections.abc import Mapping

from hpstudy.spec import numerals
from hpstudy.spec.declarations import Parameter
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.space import Scalar, written
from hpstudy.spec.synonyms import absent
from hpstudy.spec.yaml import Node

_WHOLE = ("int", "int_or_choice", "ints_or_choice")
_MIXED = ("int_or_choice", "ints_or_choice", "number_or_choice")
_LISTS = ("numbers", "ints_or_choice")
# the sections whose settings may be ranges and sweeps
SEARCHED = ("model.", "training.", "subset.")


def takes(parameter: Parameter) -> str:
    """What a setting takes, in words: 'a whole number of at least 1'."""
    options = ", ".join(str(option) for option in parameter.options)
    if parameter.kind == "choice":
        return f"one of {options}" if len(parameter.options) > 1 else f"`{options}` alone"
    if parameter.kind == "text":
        return "a word"
    if parameter.kind == "flag":
        return "true or false"
    if parameter.kind == "any":
        return "a number, a word, true, false or a list of them"
    low, high = parameter.low, parameter.high
    bounds = ""
    if low is not None and high is not None:
        bounds = f" from {low:g}{' (excluded)' * parameter.open_low} to {high:g}"
        bounds += " (excluded)" * parameter.open_high
    elif low is not None:
        bounds = f" above {low:g}" if parameter.open_low else f" of at least {low:g}"
    if parameter.step > 1:
        bounds += f" in steps of {parameter.step}"
    noun = "a whole number" if parameter.kind in _WHOLE else "a number"
    if parameter.kind == "numbers":
        return f"a list of rising numbers{bounds}"
    words = f", or one of {options}" if parameter.kind in _MIXED else ""
    if parameter.kind == "ints_or_choice":
        noun = "a whole number or a list of rising ones"
    return noun + bounds + words


def fixed(parameter: Parameter, node: Node, key: str, problems: Problems) -> Scalar:
    """The value of one setting; None where it is wrong, which `problems` then says."""
    content, kind = node.content, parameter.kind
    if kind == "any" and not isinstance(content, Mapping):
        return _any(parameter, node, key, problems)
    if kind == "flag" and isinstance(content, bool):
        return content
    if kind in _LISTS and isinstance(content, tuple):
        return _numbers(parameter, content, node, key, problems)
    if isinstance(content, tuple):
        hint = "; several values are written {choice: [...]} or {sweep: [...]}"
        hint = hint if key.startswith(SEARCHED) and key != "model.type" else ""
        problems.add(node, f"{key} is {node.seen}; it takes {takes(parameter)}{hint}")
        return None
    if isinstance(content, bool) and content not in parameter.options:
        if kind in ("choice", "text", *_MIXED) and node.text != written(content):
            say = f"`{node.text}` is read by YAML as {written(content)}"
            say += "; quote it" if kind == "text" or node.text in parameter.options else ""
            problems.add(node, f"{key}: {say}; it takes {takes(parameter)}")
            return None
    elif isinstance(content, str):
        if kind == "text" or (kind != "numbers" and content in parameter.options):
            return content
        if kind in ("choice", *_MIXED):
            options = [str(option) for option in parameter.options]
            hint = nearest(content, options, key)
            if kind != "choice":
                other = absent(key, content)
                hint = f"{other}; " if other else ""
                hint += f"it takes {takes(parameter)}{numerals.hint(node)}"
            problems.add(node, f"{key} is `{content}`, which is not known; {hint}")
            return None
    elif isinstance(content, int | float) and kind not in ("flag", "numbers", "text"):
        if content in parameter.options:
            return content
        if kind != "choice":
            number = _number(parameter, content)
            if number is not None:
                return number
    hint = _beside(parameter, node)
    problems.add(node, f"{key} is {node.seen}; it takes {takes(parameter)}{hint}")
    return None


def _any(parameter: Parameter, node: Node, key: str, problems: Problems) -> Scalar:
    if isinstance(node.content, tuple):
        return tuple(_any(parameter, item, key, problems) for item in node.content)
    if node.content is None or isinstance(node.content, Mapping):
        problems.add(node, f"{key} is {node.seen}; it takes {takes(parameter)}")
        return None
    return node.content


def _beside(parameter: Parameter, node: Node) -> str:
    """What was likely meant by a value that a setting does not take."""
    content = node.content
    if content is None and "none" in parameter.options:
        return "; write the word `none` for that"
    if parameter.kind in ("int", "float", *_MIXED) and isinstance(content, str):
        return numerals.hint(node)
    if isinstance(content, bool) or not isinstance(content, int | float):
        return ""
    if parameter.high == 1 and 1 < content <= 100:
        return f"; {content:g}% is written {content / 100:g}"
    if parameter.step == 1 or not isinstance(content, int):
        return ""
    beside = dict.fromkeys(parameter.around(content))
    return f"; nearest: {' and '.join(str(number) for number in beside)}" if beside else ""


def _number(parameter: Parameter, value: float) -> int | float | None:
    if not math.isfinite(value) or (parameter.kind in _WHOLE and value != int(value)):
        return None
    low, high = parameter.low, parameter.high
    if low is not None and (value < low or (parameter.open_low and value == low)):
        return None
    if high is not None and (value > high or (parameter.open_high and value == high)):
        return None
    if parameter.step > 1 and parameter.around(value):
        return None
    return int(value) if parameter.kind in _WHOLE else float(value)


def _numbers(
    parameter: Parameter, items: tuple[Node, ...], node: Node, key: str, problems: Problems
) -> Scalar:
    found = []
    for item in items:
        content = item.content
        number = None
        if isinstance(content, int | float) and not isinstance(content, bool):
            number = _number(parameter, content)
        if number is None:
            say = f"{takes(parameter)}, {parameter.doc}" if parameter.doc else takes(parameter)
            problems.add(item, f"{key} holds {item.seen}; it takes {say}")
            return None
        found.append(number)
    if not found or found != sorted(set(found)):
        problems.add(node, f"{key} is {node.seen}; it takes {takes(parameter)}")
        return None
    return tuple(found)
