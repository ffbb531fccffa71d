"""What a study file may say and hardly means: told before anything runs, and no mistake."""

from __future__ import annotations

from hpstudy.search.idle import idle
from hpstudy.spec import yaml
from hpstudy.spec.problems import Problems
from hpstudy.spec.study import Spec


def cautions(spec: Spec) -> list[str]:
    """One line for each thing, with the line and column of what says it."""
    told: dict[str, list[str]] = {}
    for cell in spec.cells:
        said = idle(cell)
        if said is not None:
            kind, words = said
            say = f"{_place(spec, cell.arm, kind)}: warning: {words}"
            told.setdefault(say, []).append(cell.arm)
    return [f"{say} (arm {', '.join(dict.fromkeys(arms))})" for say, arms in told.items()]


def _place(spec: Spec, arm: str, key: str) -> str:
    """Where the file gives a key of `search`, as file:line:column; where an edit does, its name."""
    root = yaml.read(spec.text, spec.path, Problems())
    for words in (("arms", arm, "search", key), ("search", key)):
        node, entry = root, None
        for word in words:
            entry = node.entries.get(word) if node is not None else None
            node = entry.value if entry is not None else None
        if entry is not None:
            return f"{spec.path}:{entry.key.line}:{entry.key.column}"
    return spec.path
