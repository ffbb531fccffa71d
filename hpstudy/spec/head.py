"""The sections that hold plain facts: search, confirm, engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hpstudy.errors import HpstudyError
from hpstudy.spec.declarations import DriverDeclaration, Parameter
from hpstudy.spec.objectives import objectives
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import Config, Scalar
from hpstudy.spec.study import Search
from hpstudy.spec.values import fixed
from hpstudy.spec.yaml import Entry, Node

TRIALS = "configurations that each cell tries; 1000 where only a budget is given"
CHOOSER = "what stops clearly worse ones between seeds"
LANES = "runs that a worker trains side by side: a number, or a word"
DEVICES = "where runs train: numbers of GPUs, or a word"
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
            allowed = [*known, *others]
            problems.unknown(entry.key, f"key in {where}", name, allowed, entry.value.text)
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
        trials=int(number(found["trials"])),
        parallel=int(number(found["parallel"])),
        seed=int(number(found["seed"])),
        choose_top=int(number(choose["top"])),
        choose_seeds=int(number(choose["seeds"])),
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


def number(value: Scalar) -> int | float:
    """A value that is known to be one."""
    assert isinstance(value, int | float)
    return value
