"""A study file as plain data in which every value still knows its line and column.

PyYAML parses the text; what a plain word means is decided here, because YAML 1.1 reads `1e-3` as
a word and `010` as eight. `yes`, `no`, `on` and `off` stay booleans, as YAML 1.1 has them, and
keep their text, so that whoever expected a word can say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from hpstudy.spec.problems import Problems
from hpstudy.spec.syntax import explained

INT = re.compile(r"[-+]?\d[\d_]*$")
FLOAT = re.compile(r"[-+]?(\.\d+|\d[\d_]*(\.\d*)?)([eE][-+]?\d+)?$|[-+]?\.(inf|Inf|INF)$")
BOOL = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NULL = {"", "~", "null", "Null", "NULL"}
PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null")}
MERGE = "tag:yaml.org,2002:merge"
OWN_TAGS = PLAIN_TAGS | {f"tag:yaml.org,2002:{kind}" for kind in ("seq", "map", "timestamp")}

Leaf: TypeAlias = bool | int | float | str | None

_LONGEST = 80  # characters of a value that a message shows


@dataclass(frozen=True)
class Node:
    """A value and where it stands; `content` is a leaf, a tuple of nodes, or a mapping."""

    content: Leaf | tuple[Node, ...] | Mapping[str, Entry]
    file: str
    line: int = 0
    column: int = 0
    text: str = ""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The entries of a mapping; none for anything else."""
        return self.content if isinstance(self.content, Mapping) else {}

    def inside(self) -> Iterator[Node]:
        """The node and all that it holds: keys too, and values whose key is given again."""
        yield self
        for item in self.content if isinstance(self.content, tuple) else ():
            yield from item.inside()
        for entry in self.entries.values():
            for one in entry.times:
                yield one.key
                yield from one.value.inside()

    @property
    def seen(self) -> str:
        """How a message names this value."""
        if isinstance(self.content, Mapping):
            return f"a mapping of {', '.join(self.entries)}" if self.entries else "an empty mapping"
        if isinstance(self.content, tuple):
            return f"the list [{', '.join(item.seen.strip('`') for item in self.content)}]"
        if isinstance(self.content, str) and not isinstance(_leaf(self.content), str):
            return f'the word "{self.text}", in quotes'
        if len(self.text) > _LONGEST:
            return f"`{self.text[:_LONGEST].splitlines()[0]}...`, {len(self.text)} characters"
        return f"`{self.text}`" if self.text else "nothing"


@dataclass(frozen=True)
class Entry:
    """One `key: value` of a mapping; `before` is the one that it repeats the key of."""

    key: Node
    value: Node
    before: Entry | None = None

    @property
    def times(self) -> tuple[Entry, ...]:
        """Every entry of this key, in the file's order."""
        return (*(self.before.times if self.before is not None else ()), self)


def read(text: str, file: str, problems: Problems) -> Node | None:
    """The document's root; None where the text is no YAML at all, which `problems` then says."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line, column, words = explained(text, error)
        problems.at(file, line, column, f"not valid YAML: {words}")
        return None
    except yaml.YAMLError as error:
        problems.at(file, 1, 1, f"not valid YAML: {error}")
        return None
    if root is None:
        problems.at(file, 1, 1, "the file is empty; a study needs data, model, training and arms")
        return None
    return _node(root, file, problems, ())


def repeated(root: Node, problems: Problems) -> bool:
    """Tell each key that is given again, of which `read` keeps the last; whether there is any."""
    found = False
    for node in root.inside():
        for entry in node.entries.values():
            first, *again = entry.times
            for one in again:
                say = f"`{one.key.text}` is given twice, first in line {first.key.line}; keep one"
                problems.add(one.key, say)
            found |= bool(again)
    return found


def _node(node: yaml.Node, file: str, problems: Problems, above: tuple[yaml.Node, ...]) -> Node:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    if any(node is other for other in above):
        problems.at(file, line, column, "an anchor contains itself; write the values out")
        return Node(None, file, line, column)
    if node.tag not in OWN_TAGS:
        problems.at(file, line, column, f"the tag `{node.tag}` is not known; leave it out")
    inside = (*above, node)
    if isinstance(node, yaml.MappingNode):
        entries: dict[str, Entry] = {}
        for key_node, value_node in node.value:
            if key_node.tag == MERGE:
                at = key_node.start_mark
                say = "`<<` is not read here; write its entries out, or lay a variant over the file"
                problems.at(file, at.line + 1, at.column + 1, say)
                continue
            key = _node(key_node, file, problems, inside)
            value = _node(value_node, file, problems, inside)
            if isinstance(key.content, Mapping | tuple):
                problems.add(key, f"a key must be one word or number; saw {key.seen}")
            else:
                entries[key.text] = Entry(key, value, entries.get(key.text))
        return Node(entries, file, line, column)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_node(item, file, problems, inside) for item in node.value)
        return Node(items, file, line, column)
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    content = _leaf(node.value) if plain else str(node.value)
    return Node(content, file, line, column, str(node.value))


def _leaf(text: str) -> Leaf:
    if text in NULL:
        return None
    if text.lower() in BOOL and text in (text.lower(), text.capitalize(), text.upper()):
        return BOOL[text.lower()]
    found = number(text)
    return text if found is None else found


def number(text: str) -> int | float | None:
    """The number that a plain word is; None for any other."""
    if INT.match(text):
        return int(text.replace("_", ""))
    if FLOAT.match(text):
        return float(text.replace("_", "").replace(".inf", "inf").replace(".Inf", "inf").lower())
    return None
