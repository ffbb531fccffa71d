"""The sections that hold plain facts: data, search, confirm, engine."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from hpstudy.errors import HpstudyError
from hpstudy.spec.declarations import DatasetDeclaration, DriverDeclaration, Parameter
from hpstudy.spec.objectives import objectives
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import Config, Scalar
from hpstudy.spec.study import Data, Search
from hpstudy.spec.values import fixed
from hpstudy.spec.yaml import Entry, Node

VALIDATION = "share of the examples, those of an official test split aside, to score searches on"
TEST = (
    "share of the examples to score picks on, where there is no official test split; a file of "
    "your own without one must give it"
)
TRIALS = "configurations that each cell tries; 1000 where only a budget is given"
CHOOSER = "what stops clearly worse ones between seeds"
LANES = "runs that a worker trains side by side: a number, or a word"
DEVICES = "where runs train: numbers of GPUs, or a word"
DATA = (
    Parameter("validation", "float", 0.2, VALIDATION, 0, 1, open_low=True, open_high=True),
    Parameter("test", "float", 0.2, TEST, 0, 1, open_low=True, open_high=True),
    Parameter("split_seed", "int", 0, "which examples go where", 0),
)
SEARCH = (
    Parameter("trials", "int", 16, TRIALS, 1),
    Parameter("parallel", "int", 4, "trials asked for before the first of them is told", 1),
    Parameter("seed", "int", 0, "what samplers and oracles draw by", 0),
    Parameter("max_parameters", "int", None, "networks with more are not trained", 1),
    Parameter("max_trained", "int", None, "networks of which more would train are not trained", 1),
)
CHOOSE = (
    Parameter("top", "int", 4, "how many of the best are trained again before one is picked", 1),
    Parameter("seeds", "int", 3, "fresh seeds that each of them is trained on", 1),
    Parameter("pruner", "choice", "none", CHOOSER, options=("none", "wilcoxon")),
)
BUDGET = (
    Parameter("epochs", "int", None, "what all trials of a cell train at most", 1),
    Parameter(
        "minutes", "float", None, "of training, after which no trial begins", 0, open_low=True
    ),
)
# where a budget decides how many trials there are, and nobody says `trials`
MOST_TRIALS = 1000
CONFIRM = (Parameter("seeds", "int", 10, "fresh seeds that each pick is confirmed on", 1),)
ENGINE = (
    Parameter("backend", "choice", "auto", "Keras's", options=("auto", "jax", "tensorflow")),
    Parameter("dtype", "choice", "float32", "of values and their sums", options=("float32",)),
    Parameter("matmul", "choice", "float32", "a GPU's products", options=("float32", "tf32")),
    Parameter("lanes", "int_or_choice", "auto", LANES, 1, options=("auto",), role="value"),
    Parameter(
        "devices", "ints_or_choice", "auto", DEVICES, 0, options=("auto", "cpu"), role="value"
    ),
)
DRIVER, PRUNER = "optuna", "none"


def facts(
    node: Node | None,
    where: str,
    parameters: tuple[Parameter, ...],
    problems: Problems,
    others: Iterable[str] = (),
) -> Config:
    """Fixed settings with their defaults; `others` are keys that someone else reads."""
    found: Config = {p.name: p.default for p in parameters}
    known = {p.name: p for p in parameters}
    if node is None:
        return found
    if not isinstance(node.content, Mapping):
        names = ", ".join([*known, *others])
        problems.add(node, f"{where} takes a mapping of {names}; saw {node.seen}")
        return found
    for name, entry in node.entries.items():
        if name in known:
            value = fixed(known[name], entry.value, f"{where}.{name}", problems)
            found[name] = found[name] if value is None else value
        elif name not in others:
            problems.unknown(entry.key, f"key in {where}", name, [*known, *others])
    return found


def engine(node: Node | None, problems: Problems) -> Config:
    """How to train; lanes are the compiled engine's, which TensorFlow does not have."""
    found = facts(node, "engine", ENGINE, problems)
    if found["backend"] == "tensorflow" and found["lanes"] not in ("auto", 1):
        assert node is not None
        say = f"engine.lanes is {found['lanes']}, but backend tensorflow trains by model.fit, one"
        problems.add(node.entries["lanes"].value, f"{say} run at a time; leave `lanes` out")
    return found


def word(node: Node, key: str, known: Iterable[str], problems: Problems) -> str | None:
    """One of the words `known`; None where it is not, which `problems` then says."""
    parameter = Parameter(key, "choice", None, "", options=tuple(known))
    value = fixed(parameter, node, key, problems)
    return value if isinstance(value, str) else None


def data(
    node: Node, datasets: Mapping[str, DatasetDeclaration], folder: Path, problems: Problems
) -> tuple[Data, DatasetDeclaration] | None:
    """The data set and its split; a relative path becomes absolute, from the file's folder."""
    name = node.entries.get("name")
    if name is None:
        hint = "; write {name: file, path: ...}" if {"path", "file"} & {*node.entries} else ""
        hint = f"; write {{name: {node.text}}}" if node.text in datasets else hint
        problems.add(node, f"data lacks `name`; allowed: {', '.join(datasets)}{hint}")
        return None
    chosen = word(name.value, "data.name", datasets, problems)
    if chosen is None:
        return None
    declaration = datasets[chosen]
    found = facts(node, "data", DATA, problems, ("name", *declaration.options))
    options: dict[str, Scalar] = {}
    for option in declaration.options:
        if option in node.entries:
            value = _plain(node.entries[option].value, f"data.{option}", problems)
            if option == "path" and isinstance(value, str):
                value = os.path.normpath(folder.absolute() / Path(value).expanduser())
                if not os.path.isfile(value):
                    place = node.entries[option].value
                    problems.add(place, f"data.path {value}: there is no such file")
            options[option] = value
    if "path" in declaration.options and "path" not in options:
        problems.add(node, f"data lacks `path`, the file that {chosen} reads")
    validation, test = float(_number(found["validation"])), float(_number(found["test"]))
    given = node.entries.get("test")
    if declaration.official_test is not None and given is not None:
        say = f"has an official test split of {declaration.official_test} examples, which is used"
        problems.add(given.key, f"data.test: {chosen} {say}; leave `test` out")
    if declaration.official_test is None and validation + test >= 1:
        place = given.value if given else node
        say = f"data.validation + data.test is {validation + test:g}; nothing is left to train on"
        problems.add(place, f"{say}, the sum must stay below 1")
    # a file of the user's may bring its own test split, so only what is written counts
    own = declaration.official_test is not None or (declaration.examples is None and given is None)
    split_seed = int(_number(found["split_seed"]))
    places = {name: entry.value for name, entry in node.entries.items()}
    split = validation, None if own else test, split_seed
    return Data(chosen, *split, options, places), declaration


def search(
    node: Node | None, drivers: Mapping[str, DriverDeclaration], problems: Problems
) -> Search | None:
    """How to search, with defaults; None for `search: none`."""
    if node is not None and node.content == "none":
        return None
    if node is not None and not isinstance(node.content, Mapping):
        owner = next((name for name, one in drivers.items() if node.text in one.samplers), None)
        hint = ""
        if owner is not None:
            first = "" if owner == DRIVER else f"driver: {owner}, "
            hint = f"; write {{{first}{drivers[owner].word}: {node.text}}}"
        problems.add(node, f"search takes a mapping, or `none`; saw {node.seen}{hint}")
        node = None
    entries = node.entries if node else {}
    driver = DRIVER
    if "driver" in entries:
        driver = word(entries["driver"].value, "search.driver", drivers, problems) or DRIVER
    declaration = drivers[driver] if driver in drivers else next(iter(drivers.values()))
    sampler = declaration.word
    others = ["driver", sampler, "pruner", "objectives", "budget", "choose"]
    others += _others_words(entries, declaration, drivers, problems)
    found = facts(node, "search", SEARCH, problems, others)
    epochs, minutes = _budget(entries, problems)
    if "budget" in entries and "trials" not in entries:
        found["trials"] = MOST_TRIALS
    choose = facts(
        entries["choose"].value if "choose" in entries else None, "search.choose", CHOOSE, problems
    )
    kinds: dict[str, tuple[str, Config]] = {
        sampler: (declaration.default, {}),
        "pruner": (PRUNER, {}),
    }
    for kind, names in ((sampler, declaration.samplers), ("pruner", declaration.pruners)):
        if kind in entries:
            kinds[kind] = _optioned(
                entries[kind].value, kind, names, declaration, problems, kinds[kind][0]
            )
    words = {kind: name for kind, (name, _) in kinds.items()}
    words["choose.pruner"] = str(choose["pruner"])
    return Search(
        driver=driver,
        sampler=kinds[sampler][0],
        pruner=kinds["pruner"][0],
        trials=int(_number(found["trials"])),
        parallel=int(_number(found["parallel"])),
        seed=int(_number(found["seed"])),
        choose_top=int(_number(choose["top"])),
        choose_seeds=int(_number(choose["seeds"])),
        choose_pruner=words["choose.pruner"],
        budget_epochs=epochs,
        budget_minutes=minutes,
        max_parameters=_whole(found["max_parameters"]),
        max_trained=_whole(found["max_trained"]),
        objectives=objectives(entries, declaration, drivers, words, problems),
        sampler_options=kinds[sampler][1],
        pruner_options=kinds["pruner"][1],
    )


def _budget(entries: Mapping[str, Entry], problems: Problems) -> tuple[int | None, float | None]:
    """Epochs or minutes that a cell's trials may be trained for; None where nobody says."""
    if "budget" not in entries:
        return None, None
    node = entries["budget"].value
    found = facts(node, "search.budget", BUDGET, problems)
    epochs, minutes = found["epochs"], found["minutes"]
    if node.entries and len(node.entries) != 1:
        say = "search.budget takes epochs or minutes; saw both, keep one"
        problems.add(node, f"{say} (the number of trials is search.trials)")
    elif isinstance(node.content, Mapping) and not node.entries:
        problems.add(node, "search.budget is empty; write {epochs: 400} or {minutes: 30}")
    return _whole(epochs), float(minutes) if isinstance(minutes, int | float) else None


def _optioned(
    node: Node,
    kind: str,
    names: Mapping[str, str],
    declaration: DriverDeclaration,
    problems: Problems,
    default: str,
) -> tuple[str, Config]:
    """A sampler, oracle or pruner: a word, or a mapping of the word to its options."""
    key = f"search.{kind}"
    if not isinstance(node.content, Mapping):
        return word(node, key, names, problems) or default, {}
    if len(node.entries) != 1:
        example = f"{{{next(iter(names))}: {{...}}}}"
        say = f"{key} takes one {kind} as a word or as {example}; saw {node.seen}"
        problems.add(node, f"{say}; allowed: {', '.join(names)}")
        return default, {}
    ((name, entry),) = node.entries.items()
    if word(entry.key, key, names, problems) is None:
        return default, {}
    if entry.value.content is None:
        return name, {}
    if not isinstance(entry.value.content, Mapping):
        problems.add(entry.value, f"{key}.{name} takes a mapping; saw {entry.value.seen}")
        return name, {}
    given = {
        option: _plain(one.value, f"{key}.{name}.{option}", problems)
        for option, one in entry.value.entries.items()
    }
    try:
        declaration.check(kind, name, given)
    except HpstudyError as error:
        problems.add(entry.value, f"{key}.{name}: {error}")
    return name, given


def _others_words(
    entries: Mapping[str, Entry],
    driver: DriverDeclaration,
    drivers: Mapping[str, DriverDeclaration],
    problems: Problems,
) -> list[str]:
    """Other drivers' words for their samplers that are given all the same, which is told."""
    found = []
    for other in drivers.values():
        if other.word != driver.word and other.word in entries:
            say = f"search.{other.word} is {other.name}'s: write `driver: {other.name}` beside it"
            listed = ", ".join(driver.samplers)
            say += f", or give `{driver.word}`, {driver.name}'s word for it, one of {listed}"
            problems.add(entries[other.word].key, say)
            found.append(other.word)
    return found


def _plain(node: Node, key: str, problems: Problems) -> Scalar:
    if isinstance(node.content, tuple):
        return tuple(_plain(item, key, problems) for item in node.content)
    if isinstance(node.content, Mapping) or node.content is None:
        problems.add(node, f"{key} takes a value or a list of values; saw {node.seen}")
        return None
    return node.content


def _whole(value: Scalar) -> int | None:
    return value if isinstance(value, int) else None


def _number(value: Scalar) -> int | float:
    assert isinstance(value, int | float)
    return value
