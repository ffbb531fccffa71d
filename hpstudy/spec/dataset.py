"""The section `data:`: which data set, its options, and how it is split."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from hpstudy.errors import HpstudyError
from hpstudy.spec.declarations import DatasetDeclaration, Parameter
from hpstudy.spec.head import facts, number, word
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import Scalar
from hpstudy.spec.study import Data
from hpstudy.spec.synonyms import own_file
from hpstudy.spec.values import fixed
from hpstudy.spec.yaml import Node

VALIDATION = "share of the examples, those of an official test split aside, to score searches on"
TEST = (
    "share of the examples to score picks on, where there is no official test split; a file of "
    "your own without one must give it"
)
DATA = (
    Parameter("validation", "float", 0.2, VALIDATION, 0, 1, open_low=True, open_high=True),
    Parameter("test", "float", 0.2, TEST, 0, 1, open_low=True, open_high=True),
    Parameter("split_seed", "int", 0, "which examples go where", 0),
)


def data(
    node: Node, datasets: Mapping[str, DatasetDeclaration], folder: Path, problems: Problems
) -> tuple[Data, DatasetDeclaration] | None:
    """The data set and its split; a relative path becomes absolute, from the file's folder."""
    declaration = _declaration(node, datasets, problems)
    if declaration is None and not node.entries.keys() - datasets.keys():
        return None
    # of an unknown data set the options of all are read
    of = [declaration] if declaration else [*datasets.values()]
    known = {option.name: option for one in of for option in one.options}
    # keys of a section without a name may be the name
    others = ("name", *known) if "name" in node.entries else ("name", *known, *datasets)
    found = facts(node, "data", DATA, problems, others)
    options: dict[str, Scalar] = {}
    for name, option in known.items():
        if name in node.entries:
            value = fixed(option, node.entries[name].value, f"data.{name}", problems)
            if name == "path" and isinstance(value, str) and declaration is not None:
                value = os.path.normpath(folder.absolute() / Path(value).expanduser())
                if not os.path.isfile(value):
                    place = node.entries[name].value
                    problems.add(place, f"data.path {value}: there is no such file")
            if value is not None:
                options[name] = value
    if declaration is None:
        return None
    # one of these may be meant for what is missing
    unread = node.entries.keys() - {"name", *known, *(one.name for one in DATA)}
    validation, test = (float(number(found[name])) for name in ("validation", "test"))
    given = node.entries.get("test")
    chosen, official = declaration.name, declaration.official_test
    if "path" in known and "path" not in node.entries:
        problems.add(node, f"data lacks `path`, the file that {chosen} reads")
    if str(options.get("path", "")).endswith(".csv") and given is None and not unread:
        say = "data lacks `test`, the share of the examples to test on"
        problems.add(node, f"{say}, since a .csv brings no test split of its own; write test: 0.2")
    if official is not None and given is not None:
        say = f"has an official test split of {official} examples, which is used"
        problems.add(given.key, f"data.test: {chosen} {say}; leave `test` out")
    if official is None and validation + test >= 1:
        place = given.value if given else node
        say = f"data.validation + data.test is {validation + test:g}; nothing is left to train on"
        problems.add(place, f"{say}, the sum must stay below 1")
    # a file of the user's may bring its own test split, so only what is written counts
    own = official is not None or (declaration.examples is None and given is None)
    places = {name: entry.value for name, entry in node.entries.items()}
    split = validation, None if own else test, int(number(found["split_seed"]))
    return Data(chosen, *split, options, places), declaration


def _declaration(
    node: Node, datasets: Mapping[str, DatasetDeclaration], problems: Problems
) -> DatasetDeclaration | None:
    name = node.entries.get("name")
    if name is None:
        paths = (node.entries[key].value.text for key in ("path", "file") if key in node.entries)
        hint = next((f"; write {own_file(path)}" for path in paths if path), "")
        hint = f"; write {{name: {node.text}}}" if node.text in datasets else hint
        problems.add(node, f"data lacks `name`; allowed: {', '.join(datasets)}{hint}")
        return None
    chosen = word(name.value, "data.name", datasets, problems)
    return None if chosen is None else datasets[chosen]


def contents(data: Data, declaration: DatasetDeclaration, problems: Problems) -> Any:
    """What the user's own file holds; None where it cannot be had, which `problems` then says.

    Nothing is read of a data set that is no file.
    """
    if "path" not in data.options or not os.path.isfile(str(data.options["path"])):
        # told already
        return None
    unread = data.given.keys() - data.options.keys() - {"name", *(one.name for one in DATA)}
    if "separator" in unread or (unread and "target" not in data.options):
        # told already, and one of them may be meant for the target
        return None
    module, _, function = declaration.load.partition(":")
    try:
        return getattr(import_module(module), function)(data.options)
    except HpstudyError as error:
        place = data.place(str(error))
        assert place is not None
        problems.add(place, str(error))
        return None
