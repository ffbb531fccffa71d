"""Variants and `--set`: the study file changed as plain data, before anything is checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hpstudy.spec import yaml
from hpstudy.spec.problems import Problems
from hpstudy.spec.yaml import Entry, Node

RANGE_WORDS = ("int", "float", "choice", "sweep")
# setting one of these replaces the others that stand beside it
RIVALS = (("epochs", "steps"), ("per_unit", "fraction", "match"), ("sampler", "oracle"))
# these hold one alternative, so another mapping replaces the old one
WHOLE = ("sampler", "oracle", "pruner", "budget")


def changed(root: Node, arguments: Sequence[str], problems: Problems) -> Node:
    """`root` as `--variant V` and `--set K=V` have it; the variant must be one of the file's."""
    for option, value in zip(arguments[::2], arguments[1::2], strict=True):
        if option == "--variant":
            root = merged(root, root.entries["variants"].value.entries[value].value)
        else:
            root = edited(root, value, problems)
    return root


def merged(below: Node, above: Node) -> Node:
    """`below` with everything that `above` says; mappings merge deeply, all else is replaced."""
    if not (isinstance(below.content, Mapping) and isinstance(above.content, Mapping)):
        return above
    if any(word in above.entries for word in RANGE_WORDS):
        return above
    entries = _without_rivals(below.entries, above.entries)
    for name, entry in above.entries.items():
        old = entries.get(name)
        if old is not None and name not in WHOLE:
            entry = Entry(entry.key, merged(old.value, entry.value))
        entries[name] = entry
    return Node(entries, below.file, below.line, below.column)


def edited(root: Node, edit: str, problems: Problems) -> Node:
    """`root` with one edit such as 'training.length.epochs=2'; its value is read as YAML."""
    file = f"--set {edit}"
    path, equals, text = edit.partition("=")
    words = [word.strip() for word in path.split(".")]
    if not equals or not all(words):
        problems.at(file, 0, 0, "an edit is written KEY=VALUE, such as training.length.epochs=2")
        return root
    if words[0] == "variants":
        say = "an edit comes after the variants; set the key itself, as in training.length.epochs=2"
        problems.at(file, 0, 0, say)
        return root
    found = Problems()
    value = yaml.read(text, file, found) if text.strip() else Node(None, file)
    if value is None or yaml.repeated(value, found) or len(found):
        problems.at(file, 0, 0, f"the value `{text}` is not valid YAML")
        return root
    return _set(root, words, _moved(value, file), file)


def _set(node: Node, words: list[str], value: Node, file: str) -> Node:
    if not words:
        return value
    name, rest = words[0], words[1:]
    entries = _without_rivals(node.entries, (name,))
    old = entries.get(name)
    inner = _set(old.value if old else Node({}, file), rest, value, file)
    key = old.key if old else Node(name, file, text=name)
    if name in RANGE_WORDS and name not in entries:
        entries.clear()
    entries[name] = Entry(key, inner)
    return Node(entries, node.file, node.line, node.column)


def _without_rivals(entries: Mapping[str, Entry], coming: Collection[str]) -> dict[str, Entry]:
    gone = {
        rival for group in RIVALS if any(name in group for name in coming) for rival in group
    } - set(coming)
    return {name: entry for name, entry in entries.items() if name not in gone}


def _moved(node: Node, file: str) -> Node:
    """The node with every position taken off, since an edit has no lines."""
    if isinstance(node.content, tuple):
        return Node(tuple(_moved(item, file) for item in node.content), file)
    if isinstance(node.content, Mapping):
        entries = {
            name: Entry(_moved(entry.key, file), _moved(entry.value, file))
            for name, entry in node.content.items()
        }
        return Node(entries, file)
    return Node(node.content, file, text=node.text)
