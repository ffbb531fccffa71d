"""What becomes of a trial of somebody else's hypermodel once a worker has built it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hpstudy.errors import Problem, SpecError
from hpstudy.search.discovery import Found
from hpstudy.spec import yaml
from hpstudy.spec.problems import Problems
from hpstudy.spec.study import Spec
from hpstudy.store import Event

_WHERE = {
    "training.batch_size": "the hypermodel's own fit sets the batch size",
    "training.length.epochs": "the hypermodel's own fit sets the epochs",
}


def found(said: Mapping[str, Any]) -> Found:
    """A worker's or the store's account of a discovery."""
    training = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in said["training"].items()
    }
    return Found(training, said.get("counts", {}), said["reason"])


def untrained(run: str, what: Found) -> Event:
    """The record of a trial that cannot be trained."""
    return {
        "run": run,
        "status": "failed",
        "reason": what.reason,
        "score": None,
        "scored_epoch": None,
        "counts": dict(what.counts),
    }


def collision(spec: Spec, arm: str, keys: Iterable[str]) -> SpecError:
    """Settings that both the study file and the hypermodel decide, each with its line."""
    problems = []
    for key in dict.fromkeys(keys):
        why = _WHERE.get(key, "the hypermodel compiles its model, which decides this")
        say = f"{key} is given, and {why}; leave one of them out (seen in arm {arm})"
        problems.append(Problem(say, spec.path, *_place(spec, arm, key)))
    return SpecError(problems)


def _place(spec: Spec, arm: str, key: str) -> tuple[int, int]:
    """Where the file gives a setting, as deep as it is found; zeros where an edit brought it."""
    root = yaml.read(spec.text, spec.path, Problems())
    above: list[tuple[str, ...]] = [("arms", arm), ()]
    for words in ((*start, *key.split(".")) for start in above):
        node, entry = root, None
        for word in words:
            if node is None or word not in node.entries:
                break
            entry = node.entries[word]
            node = entry.value
        if entry is not None and entry.key.text in key.split(".")[1:]:
            return entry.key.line, entry.key.column
    return 0, 0
