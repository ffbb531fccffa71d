"""Settings that may be otherwise than they were read, since something of the file was misread.

What follows from such a setting is not told: the mending of one mistake may mend the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from hpstudy.spec import head
from hpstudy.spec.declarations import Parameter
from hpstudy.spec.elsewhere import instead
from hpstudy.spec.problems import Problems, spot
from hpstudy.spec.synonyms import plain
from hpstudy.spec.yaml import Node

# stands for an arm's whole search, and begins the names of its parts
SEARCH = "search"
SEARCHED = {
    f"{SEARCH}.{name}": Parameter(name, "text", None, "")
    for name in (
        *(one.name for one in head.SEARCH),
        *("driver", "sampler", "oracle", "pruner", "objectives", "budget", "choose"),
    )
}


def doubts(
    node: Node,
    prefix: str,
    declared: Mapping[str, Parameter],
    problems: Problems,
    others: Collection[str] = (),
) -> frozenset[str]:
    """The keys of `declared` on which the mistakes in a section leave doubt.

    A misread entry leaves doubt on its own setting, and one of an unknown name on all that it may
    be meant for. `others` are keys of the section that someone else reads.
    """
    own = [key for key in declared if key.startswith(f"{prefix}.")]
    if not isinstance(node.content, Mapping):
        return frozenset(own)
    wrong = {spot(one) for one in problems.found}
    found: set[str] = set()
    for name, entry in node.entries.items():
        nodes = [entry.key, *entry.value.inside()]
        if name in others or not any(spot(one) in wrong for one in nodes):
            continue
        head = f"{prefix}.{name}"
        named = [key for key in own if key == head or key.startswith(f"{head}.")]
        found.update(named or _meant([one.text for one in nodes], declared))
    return frozenset(found)


def misread(node: Node, problems: Problems) -> bool:
    """Whether there is a mistake at a node or inside it."""
    wrong = {spot(one) for one in problems.found}
    return any(spot(one) in wrong for one in node.inside())


def _meant(words: list[str], declared: Mapping[str, Parameter]) -> Iterator[str]:
    """The settings that an entry of an unknown name may be meant for, by its words."""
    words = [*words, *(part for word in words for part in re.findall(r"\w+", word))]
    plainly = [plain(word) for word in words]
    here = [*filter(None, map(instead, words))]
    if get_close_matches(SEARCH, plainly, n=1):
        yield SEARCH
    for key, parameter in declared.items():
        names = {plain(part) for part in key.split(".")[1:]}
        near = any(get_close_matches(name, plainly, n=1) for name in names)
        elsewhere = any(f"{name}:" in one for one in here for name in names)
        holds = any(str(option) in words for option in parameter.options)
        if near or elsewhere or holds:
            yield key
