"""Other people's hypermodels as a study file names them: read, never run.

    model: {hypermodel: "my_module:MyHyperModel", args: {...}, hp: {...}}

The settings of such a model are `model.type` (its 'module:name'), `model.code` (its files with
digests, or its package's version), `model.args.<name>`, and under `model.hp.<name>` what the
hypermodel itself asks for; a value or a range given there in the file stands in for the
hypermodel's own.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from hpstudy.spec.declarations import DataShape, ModelDeclaration, Parameter, Tensor
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.scripts import search_on_import
from hpstudy.spec.source import SourceError, source
from hpstudy.spec.space import Scalar
from hpstudy.spec.training import TRAINING
from hpstudy.spec.yaml import Entry, Node

KEYS = ("hypermodel", "args", "hp")
HP = "model.hp."
ARGS = "model.args."
CODE = "model.code"
# what a discovered network computes, as a digest; arguments of `model.fit` left to `fit`
NETWORK = "model.network"
# how a digest begins that knows the shapes of a network's variables and no more
SHAPES = "shapes "
LEFT = "model.left_to_fit"
NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")
_KEPT = ("length", "batch_size", "early_stopping", "last_batch", "augment")
# what `compile` decides, in a model that comes compiled
COMPILED = tuple(f"training.{one.name}" for one in TRAINING if one.name.split(".")[0] not in _KEPT)
BATCH = "training.batch_size"
# what is the hypermodel's own where the study file leaves it out
OWN = (HP, ARGS, BATCH)


def is_foreign(settings: Mapping[str, object]) -> bool:
    """Whether settings or a configuration belong to somebody else's hypermodel."""
    return ":" in str(settings.get("model.type", ""))


def declaration(
    node: Node, others: Iterable[Node], folder: Path, problems: Problems
) -> ModelDeclaration | None:
    """What the study file says of a hypermodel; `others` are the `model:` sections of arms."""
    given = node.entries["hypermodel"].value
    if "type" in node.entries:
        say = "model takes `type` (one of ours) or `hypermodel` (your own); saw both, keep one"
        problems.add(node.entries["type"].key, say)
        return None
    name = given.content
    if not isinstance(name, str) or not NAME.match(name) or ".py:" in name:
        say = f'a module and a name in it, such as "{_likely(str(name))}"'
        problems.add(given, f"model.hypermodel is {given.seen}; it takes {say}")
        return None
    try:
        found = source(name, folder)
    except SourceError as error:
        problems.add(given, f"model.hypermodel {name}: {error}")
        return None
    for path in found.files:
        line = search_on_import(path)
        if line is not None:
            say = f"{path.name}:{line} starts a search of its own wherever the module is imported"
            problems.add(given, f'{say}; put it under `if __name__ == "__main__":`')
    names = {
        f"{section}.{inner}": f"what {name} {word} {inner}"
        for section, word in (("args", "takes as"), ("hp", "asks for as"))
        for one in (node, *others)
        if section in one.entries
        for inner in one.entries[section].value.entries
    }
    return ModelDeclaration(
        name=name,
        doc=f"the hypermodel {name}",
        parameters=(
            Parameter(
                "code",
                "text",
                found.code,
                "its files, or the package it is in",
            ),
            *(Parameter(key, "any", None, doc) for key, doc in names.items()),
        ),
        tensors=_unknown,
        build="",
    )


def _likely(name: str) -> str:
    """What was likely meant: 'own:Net' for 'own.py:Net', 'own.Net' or './own.py:Net'."""
    meant = name.replace(".py:", ":").replace("/", ".").lstrip(".")
    if ":" not in meant:
        meant = ":".join(meant.removesuffix(".py").rsplit(".", 1))
    return meant if NAME.match(meant) else "my_module:MyHyperModel"


def flat(node: Node, problems: Problems) -> Node:
    """A `model:` section with its `args` and `hp` as settings of their own, `args.depth: 3`."""
    entries: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        if name in ("args", "hp"):
            if not isinstance(entry.value.content, Mapping):
                say = f"model.{name} takes a mapping of names to values; saw {entry.value.seen}"
                problems.add(entry.value, say)
            for inner, one in entry.value.entries.items():
                entries[f"{name}.{inner}"] = one
        elif name in KEYS:
            entries[name] = entry
        else:
            say = "what a hypermodel asks for stands under `hp`, its own arguments under `args`"
            hint = nearest(name, [*KEYS])
            problems.add(entry.key, f"unknown key in model: `{name}`; {hint}; {say}")
    return Node(entries, node.file, node.line, node.column)


def said(settings: Mapping[str, object], given: Collection[str]) -> frozenset[str]:
    """The settings that describe such a model's cell: what the file gives, and its subset.

    Of the rest the hypermodel may decide any.
    """
    words = ("model.type", CODE, "subset.train")
    return frozenset(key for key in settings if key in given or key in words)


def filled(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with the defaults of what an uncompiled model takes where the file says nothing."""
    if not is_foreign(settings):
        return dict(settings)
    defaults = {f"training.{one.name}": one.default for one in TRAINING}
    return {**{key: defaults[key] for key in COMPILED}, **settings}


def compiles(keys: Iterable[str]) -> list[str]:
    """Those of the keys that only a model which comes uncompiled takes from a study."""
    return [key for key in keys if key in COMPILED]


def _unknown(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    raise AssertionError("a foreign hypermodel declares no tensors; they are known when it is run")
