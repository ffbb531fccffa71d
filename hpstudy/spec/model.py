"""The `model:` section: which model a study is of, and its settings as read."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from hpstudy.spec import foreign, head
from hpstudy.spec.declarations import ModelDeclaration, Parameter
from hpstudy.spec.problems import Problems, guess
from hpstudy.spec.section import Layer, Section
from hpstudy.spec.yaml import Node


def declaration(
    entries: Mapping[str, Node],
    models: Mapping[str, ModelDeclaration],
    folder: Path,
    problems: Problems,
) -> ModelDeclaration | None:
    """The model that a study's top-level entries name, or likely mean; None where none is known."""
    node = entries["model"]
    if "hypermodel" in node.entries:
        arms = entries["arms"].entries.values() if "arms" in entries else ()
        own = [arm.value.entries["model"].value for arm in arms if "model" in arm.value.entries]
        return foreign.declaration(node, own, folder, problems)
    if "type" not in node.entries:
        say = 'or `hypermodel`, such as "my_module:MyHyperModel", in place of it'
        if node.text in models:
            say = f"write {{type: {node.text}}}"
        problems.add(node, f"model lacks `type`; allowed: {', '.join(models)}; {say}")
        return None
    given = node.entries["type"].value
    if given.entries:
        say = "model.type is one word, since a study compares subsets of one architecture"
        problems.add(given, f"{say}; saw {given.seen}; allowed: {', '.join(models)}")
        return None
    if foreign.NAME.match(given.text):
        say = f"model.type is {given.seen}, which names a hypermodel of your own"
        problems.add(given, f'{say}; write {{hypermodel: "{given.text}"}}')
        return None
    name = head.word(given, "model.type", models, problems)
    if name is None and isinstance(given.content, str):
        # its settings are read as those of the model that the message asks for
        name = guess(given.content, models, "model.type")
    return models[name] if name else None


def may_be_foreign(entries: Mapping[str, Node]) -> bool:
    """Whether a `model:` that names no known model may be meant to name somebody's hypermodel."""
    if "model" not in entries:
        return True
    node = entries["model"]
    given = node.entries["type"].value.text if "type" in node.entries else node.text
    return ":" in given or bool(get_close_matches("hypermodel", node.entries, n=1))


def strangers(
    node: Node, models: Mapping[str, ModelDeclaration], problems: Problems, where: str
) -> None:
    """Tell the keys of a `model:` section that no model has; which is meant is not known."""
    known = dict.fromkeys(one.name for model in models.values() for one in model.parameters)
    for name, entry in node.entries.items():
        if name not in known and name not in ("type", "hypermodel"):
            problems.unknown(entry.key, f"key in {where}", name, known, entry.value.text)


def settings(
    name: str, parameters: tuple[Parameter, ...], node: Node, problems: Problems, where: str
) -> Layer:
    """The settings of a `model:` section, the study's or an arm's."""
    known = {parameter.name: parameter for parameter in parameters}
    if not foreign.is_foreign({"model.type": name}):
        return Section("model", known, others=("type",)).read(node, problems, where)
    section = Section("model", known, others=("hypermodel",))
    return section.read(foreign.flat(node, problems), problems, where)
