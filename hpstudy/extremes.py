"""The smallest and the largest network of each cell, found before anything runs.

A cell's corners are its configurations with every range that decides a network at one of its ends
and every choice at each of its options. Counts come from the declared tensors, so no network is
built; what no network of the cell could satisfy is told here, as mistakes of the study file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from hpstudy.data import Sizes
from hpstudy.errors import Problem, SpecError
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec import yaml
from hpstudy.spec.augment import unfit
from hpstudy.spec.declarations import DataShape, Tensor
from hpstudy.spec.foreign import BATCH, is_foreign, said
from hpstudy.spec.layers import LENGTHS, possible
from hpstudy.spec.length import length
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import Choice, Config, Proposal, Range, Scalar, is_range, resolve
from hpstudy.spec.study import Cell, Spec
from hpstudy.spec.training import METRICS
from hpstudy.subsets.rules import Count, Rule, RuleError, count

# A corner takes about 0.1 ms; this many are looked at in a cell, the rest is left to its runs.
MOST_CORNERS = 5_000


@dataclass(frozen=True)
class Extremes:
    """A cell's smallest and largest network by total, then by trained entries.

    `active` names the settings whose own value or range counts in some corner: they exist there,
    and no branch of a choice stands in for them. Both networks are None where they are known only
    by running somebody's hypermodel.
    """

    cell: Cell
    smallest: Count | None
    largest: Count | None
    active: frozenset[str]


class Misfit(ValueError):
    """A setting of `training:`, its `key`, that does not fit the data."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def check(spec: Spec, sizes: Sizes) -> tuple[Extremes, ...]:
    """The extremes of every cell; raises SpecError for what its networks or data cannot satisfy.

    Such are a match to BatchNorm that a corner does not have, a subset that trains nothing or has a
    word that names nothing, more entries for each unit than its fan-in, a batch larger than the
    training part, and a score that does not fit a task which only the user's file tells.
    """
    # a mistake that stands in the file once is met in every cell
    problems: dict[Problem, None] = {}
    task, metric = sizes.shape.task, spec.score.metric
    if metric not in METRICS[task]:
        allowed = ", ".join(METRICS[task])
        say = f"score.metric is {metric}, but {spec.data.name} is {task}; allowed: {allowed}"
        problems[Problem(say, spec.path)] = None
    found: list[Extremes] = []
    for cell in spec.cells:
        try:
            found.append(extremes(cell, sizes, spec.score.at))
        except Misfit as error:
            place = cell.given.get(error.key)
            at = (place.file, place.line, place.column) if place else _place(spec, "training")
            default = "" if place else "; this is its default, so set it here"
            problems[Problem(f"{error}{default}", *at)] = None
        except ValueError as error:
            problems[Problem(f"{cell.name}: {error}", *_place(spec, "arms", cell.arm))] = None
    if problems:
        raise SpecError(sorted(problems, key=lambda one: (one.file, one.line, one.column)))
    return tuple(found)


def extremes(cell: Cell, sizes: Sizes, at: str | int = "last") -> Extremes:
    """The smallest and the largest network of a cell.

    Raises Misfit for a setting that does not fit the data, and RuleError or ValueError, naming the
    corner, where one cannot be trained.
    """
    if is_foreign(cell.settings):
        for batch in possible(BATCH, cell.settings) or ():
            _epochs({BATCH: batch, LENGTHS[0]: 1}, sizes)
        return Extremes(cell, None, None, said(cell.settings, cell.given))
    wrong = unfit(cell.settings, sizes.shape.input_shape)
    if wrong is not None:
        raise Misfit(*wrong)
    counts: list[Count] = []
    active: set[str] = set()
    for proposal in islice(corners(cell), MOST_CORNERS):
        active |= _used(cell, proposal)
        epochs = _epochs(proposal.config, sizes)
        try:
            if isinstance(at, int) and at > epochs:
                raise RuleError(f"score.at is epoch {at}, and a run ends with epoch {epochs}")
            found = counted(proposal.config, sizes.shape)
            if not found.trained and proposal.config["subset.train"] != "none":
                raise RuleError(
                    f"train: {proposal.config['subset.train']!r} trains nothing in this network; "
                    f"write 'none' if that is meant"
                )
            counts.append(found)
        except ValueError as error:
            asked = proposal.params.items()
            where = [f"{key}={value}" for key, value in asked if not key.startswith("training.")]
            raise RuleError(f"{error} (at {', '.join(where)})" if where else str(error)) from error
    ordered = sorted(counts, key=lambda one: (one.total, one.trained))
    _check_limits(cell, counts)
    return Extremes(cell, ordered[0], ordered[-1], frozenset(active))


def _epochs(config: Mapping[str, Scalar], sizes: Sizes) -> int:
    try:
        return length(config, sizes.train).epochs
    except ValueError as error:
        raise Misfit(BATCH, str(error)) from None


def _check_limits(cell: Cell, counts: Sequence[Count]) -> None:
    """Raise RuleError where no corner of a cell is within the limits of its search."""
    limits = cell.search.limits if cell.search else {}
    least = {
        "max_parameters": min(count.total for count in counts),
        "max_trained": min(count.trained for count in counts),
    }
    for name, most in limits.items():
        if least[name] > most:
            say = f"search.{name} is {most:,}, and the smallest network has {least[name]:,}"
            raise RuleError(f"{say}; no trial would be trained")


def corners(cell: Cell) -> Iterator[Proposal]:
    """Every corner of a cell, once."""
    parameters = HYPERMODELS[str(cell.settings["model.type"])].parameters
    inputs = {f"model.{one.name}" for one in parameters if one.role == "value"}
    pending: list[tuple[Scalar, ...]] = [()]
    while pending:
        walk = _Walk(pending.pop(), pending, inputs)
        yield resolve(cell.settings, cell.conditions, walk.ask)


def counted(config: Mapping[str, Scalar], shape: DataShape) -> Count:
    """Trained, frozen and total entries of a configuration; raises RuleError."""
    return count(Rule.from_config(config), tensors(config, shape))


def tensors(config: Mapping[str, Scalar], shape: DataShape) -> tuple[Tensor, ...]:
    """The parameter tensors of a configuration's network, as its architecture declares them."""
    model: Config = {
        key.removeprefix("model."): value
        for key, value in config.items()
        if key.startswith("model.") and key != "model.type"
    }
    return HYPERMODELS[str(config["model.type"])].tensors(model, shape)


def _used(cell: Cell, proposal: Proposal) -> set[str]:
    inside = {name.partition("[")[0] for name in proposal.params if "[" in name}
    return {
        key
        for key, value in proposal.config.items()
        if key not in inside
        and (is_range(cell.settings.get(key)) or cell.settings.get(key) == value)
    }


class _Walk:
    """One way through a space: `path` first, then first ends; the other ends become pending."""

    def __init__(
        self, path: tuple[Scalar, ...], pending: list[tuple[Scalar, ...]], inputs: set[str]
    ) -> None:
        self._path, self._pending, self._inputs = path, pending, inputs
        self._taken: tuple[Scalar, ...] = ()

    def ask(self, name: str, value: Range) -> Scalar:
        place = len(self._taken)
        if place < len(self._path):
            answer = self._path[place]
        else:
            answer, *others = _ends(name.partition("[")[0], value, self._inputs)
            self._pending += [(*self._taken, other) for other in reversed(others)]
        self._taken = (*self._taken, answer)
        return answer


def _ends(key: str, value: Range, inputs: set[str]) -> tuple[Scalar, ...]:
    decides = key == "training.batch_size" or not key.startswith("training.")
    if isinstance(value, Choice):
        every = bool(value.branches) or (decides and key not in inputs)
        return value.options if every else value.options[:1]
    if decides and key not in inputs and value.low != value.high:
        return value.low, value.high
    return (value.low,)


def _place(spec: Spec, *keys: str) -> tuple[str, int, int]:
    """File, line and column of a key; no line where an edit brought it."""
    root = yaml.read(spec.text, spec.path, Problems())
    found = None
    for key in keys:
        found = root.entries.get(key) if root else None
        root = found.value if found else None
    return (spec.path, found.key.line, found.key.column) if found else (spec.path, 0, 0)
