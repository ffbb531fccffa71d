"""The score: which metric of the data set's task counts, and at which epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from hpstudy.spec.dataset import contents
from hpstudy.spec.declarations import DatasetDeclaration
from hpstudy.spec.head import word
from hpstudy.spec.problems import Problems, nearest
from hpstudy.spec.study import Data, Score
from hpstudy.spec.training import METRICS, RISING
from hpstudy.spec.yaml import Node


def read_score(
    node: Node, found: tuple[Data, DatasetDeclaration] | None, problems: Problems
) -> tuple[Score, str] | None:
    """The score and the task that it belongs to; None where the data set is not known."""
    for name, entry in node.entries.items():
        if name not in ("metric", "at"):
            problems.unknown(entry.key, "key in score", name, ("metric", "at"))
    if not isinstance(node.content, Mapping):
        say = "score takes a mapping, such as {metric: accuracy, at: last}"
        problems.add(node, f"{say}; saw {node.seen}")
    given = {name: entry.value for name, entry in node.entries.items()}
    at = _at(given.get("at"), problems)
    if found is None:
        return None
    task = _task(*found, given.get("metric"), problems)
    metric = _metric(given.get("metric"), task, problems)
    return Score(metric, at, metric in RISING), task


def _task(
    data: Data,
    declaration: DatasetDeclaration,
    metric: Node | None,
    problems: Problems,
) -> str:
    """The data set's task; of a user's file, what it says, what the metric implies, or the data."""
    if declaration.shape is not None:
        return declaration.shape.task
    said = data.options.get("task")
    if isinstance(said, str) and said in METRICS:
        return said
    for task, metrics in METRICS.items():
        if metric is not None and metric.content in metrics and metric.content != "loss":
            return task
    found = contents(data, declaration, problems)
    return "classification" if found is None else str(found.task)


def _metric(node: Node | None, task: str, problems: Problems) -> str:
    """The metric of the score; by default the task's first."""
    allowed = METRICS[task]
    if node is None:
        return allowed[0]
    every = {name for names in METRICS.values() for name in names}
    if isinstance(node.content, str) and node.content in every - set(allowed):
        say = f"score.metric `{node.content}` does not fit {task}; allowed: {', '.join(allowed)}"
        problems.add(node, say)
        return allowed[0]
    return word(node, "score.metric", allowed, problems) or allowed[0]


def _at(node: Node | None, problems: Problems) -> Literal["last", "best_validation"] | int:
    """'last', 'best_validation' or the number of an epoch."""
    if node is None or node.content == "last":
        return "last"
    if node.content == "best_validation":
        return "best_validation"
    words = str(node.content).split() if isinstance(node.content, str) else []
    if len(words) == 2 and words[0] == "epoch" and words[1].isdecimal() and int(words[1]) > 0:
        return int(words[1])
    number = node.text if isinstance(node.content, int) and node.text.isdecimal() else "15"
    hint = nearest(node.text, ["last", "best_validation", "epoch N"])
    problems.add(node, f"score.at is {node.seen}; {hint} (such as epoch {number})")
    return "last"
