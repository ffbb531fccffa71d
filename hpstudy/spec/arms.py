"""An arm's subset settings: the words of `train:` and how many random weights join them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from hpstudy.spec.declarations import Parameter
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.ranges import Sweep
from hpstudy.spec.section import Layer, Section
from hpstudy.spec.space import Choice, Condition, Scalar, Value
from hpstudy.spec.yaml import Node

SUBSET: tuple[Parameter, ...] = (
    Parameter("train", "text", "all", "which parameter entries train", role="structure"),
    Parameter("per_unit", "int", None, "random weights of each unit", 1, role="value"),
    Parameter(
        "fraction",
        "float",
        None,
        "share of the weights, drawn at random",
        0,
        1,
        open_low=True,
        role="value",
    ),
    Parameter(
        "match",
        "choice",
        None,
        "as many random weights as BatchNorm has entries",
        options=("batchnorm",),
        role="value",
    ),
    Parameter(
        "of",
        "choice",
        "hidden",
        "the kernels that random weights are drawn from",
        options=("hidden", "output", "all"),
    ),
    Parameter(
        "at_fan_in",
        "choice",
        "error",
        "what happens where a unit has too few weights",
        options=("error", "clip"),
        role="value",
    ),
)
BESIDE = tuple(f"subset.{one.name}" for one in SUBSET if one.name != "train")
AMOUNTS = ("subset.per_unit", "subset.fraction", "subset.match")
# what some call the words of subsets
OTHER_WORDS = {
    **dict.fromkeys(("bn", "batch_norm", "batch_normalization", "norm"), "batchnorm"),
    **dict.fromkeys(("full", "everything"), "all"),
    **dict.fromkeys(("head", "last", "last_layer", "classifier"), "output"),
    **dict.fromkeys(("frozen", "nothing"), "none"),
}
# words whose entries include BatchNorm's gamma
WITH_GAMMA = ("all", "as_built", "batchnorm", "gamma")
OVERRIDES = ("model", "training", "search")


def subset_section(words: Mapping[str, str]) -> Section:
    """The subset settings of an arm, for the subset words of the registry."""

    def train(parameter: Parameter, node: Node, key: str, problems: Problems) -> Scalar:
        if not isinstance(node.content, str):
            hint = ""
            if isinstance(node.content, bool):
                read = "true" if node.content else "false"
                hint = f", which YAML reads as {read}; quote it if the word is meant"
            items = node.content if isinstance(node.content, tuple) else ()
            if items and all(item.text in words for item in items):
                hint = f"; write {'+'.join(item.text for item in items)}"
            example = "`batchnorm+output` or `all-batchnorm`"
            say = f"takes words such as {example}; allowed words: {', '.join(words)}"
            problems.add(node, f"{key} is {node.seen}{hint}; it {say}")
            return None
        if not _known(node.content, words, node, problems):
            return None
        return re.sub(r"\s+", "", node.content)

    parameters = {parameter.name: parameter for parameter in SUBSET}
    return Section("subset", parameters, readers={"train": train}, others=OVERRIDES)


def terms(expression: str) -> list[tuple[str, str]]:
    """'all-batchnorm' -> [('+', 'all'), ('-', 'batchnorm')]."""
    signed = expression if expression[:1] in ("+", "-") else f"+{expression}"
    return re.findall(r"([+-])([^+-]*)", signed)


def has_random(expression: object) -> bool:
    return ("+", "random") in terms(str(expression))


def trains_gamma(expression: object) -> bool:
    """Whether the subset holds BatchNorm's gamma; terms act from left to right."""
    holds = False
    for sign, word in terms(str(expression)):
        if word in WITH_GAMMA:
            holds = sign == "+"
    return holds


def _known(expression: str, words: Mapping[str, str], node: Node, problems: Problems) -> bool:
    found = [(sign, word.strip()) for sign, word in terms(expression.strip())]
    say = ""
    for sign, word in found:
        if not word:
            say = "a word is missing beside a sign; write `a+b` or `a-b`"
        elif word not in words:
            say = f"unknown word: `{word}`; {_meant(word, words) or nearest(word, list(words))}"
        elif sign == "-" and word == "random":
            say = "random weights can be added, not taken away; write `random` without a minus"
    if found and found[0][0] == "-":
        say = say or "it starts with a minus; start with what trains, such as `all-batchnorm`"
    listed = [word for _, word in found]
    for word in listed:
        if word and listed.count(word) > 1:
            say = say or f"`{word}` stands in it twice; keep one"
    if say:
        problems.add(node, f"subset.train is `{expression}`: {say}")
    return not say


def _meant(word: str, words: Mapping[str, str]) -> str:
    """What to write for words that are joined or valued in another way; nothing for the rest."""
    parts = re.split(r"\s*(?:[,;&|]|\band\b|\s)\s*", word)
    if len(parts) > 1 and all(part in words for part in parts):
        return f"join words by +: {'+'.join(parts)}"
    drawn = re.fullmatch(r"random\W*(\d*\.?\d+)\W*", word)
    if drawn:
        amount = "per_unit" if drawn[1].isdecimal() else "fraction"
        return f"write {{train: random, {amount}: {drawn[1]}}}"
    other = OTHER_WORDS.get(word.lower())
    return f"did you mean `{other}`? allowed: {', '.join(words)}" if other in words else ""


def options(value: object) -> tuple[Scalar, ...]:
    """Every value that a fixed value or a choice can take; none for a numeric range."""
    if isinstance(value, Choice):
        return value.options
    if isinstance(value, bool | int | float | str | tuple):
        return (value,)
    return ()


def check_amounts(settings: Mapping[str, Value], layer: Layer, problems: Problems) -> None:
    """Exactly one of per_unit, fraction and match wherever `random` trains, and none elsewhere."""
    train = settings["subset.train"]
    top = {key for key in AMOUNTS if key in settings}
    branches = train.branches if isinstance(train, Choice) else {}
    place = layer["subset.train"].node
    for option in options(train):
        inner = {key for key in AMOUNTS if key in branches.get(option, {})}
        names = ", ".join(key.removeprefix("subset.") for key in sorted(top | inner))
        if has_random(option) and len(top | inner) != 1:
            say = f"needs exactly one of per_unit, fraction, match; saw {names or 'none'}"
            problems.add(place, f"subset.train `{option}` {say}")
        elif inner and not has_random(option):
            problems.add(place, f"subset.train `{option}` draws no random weights; leave {names}")
    _check_drawn(options(train), [key for key in settings if key in layer], layer, problems)


def check_swept(layer: Layer, problems: Problems) -> None:
    """A sweep of subsets without any random weights leaves nothing to say of them."""
    train = layer["subset.train"].value
    if isinstance(train, Sweep):
        _check_drawn(train.values, [key for key in layer if key in BESIDE], layer, problems)


def _check_drawn(
    trained: Sequence[Scalar], keys: Iterable[str], layer: Layer, problems: Problems
) -> None:
    if any(map(has_random, trained)):
        return
    seen = ", ".join(f"`{one}`" for one in trained)
    for key in keys:
        if key in BESIDE:
            say = "is given, but `random` is not in train"
            problems.add(layer[key].node, f"{key} {say} ({seen}); leave it out or add random")


def conditions(train: Value, keys: Iterable[str]) -> dict[str, Condition]:
    """The amounts of random weights exist only where the subset has some."""
    drawn = tuple(option for option in options(train) if has_random(option))
    return {key: {"subset.train": drawn} for key in keys if key != "subset.train"}
