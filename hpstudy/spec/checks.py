"""What a cell's settings must satisfy together, beyond each being right by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hpstudy.spec.augment import unfit
from hpstudy.spec.doubts import SEARCH
from hpstudy.spec.foreign import BATCH, is_foreign
from hpstudy.spec.ground import Arm, Ground
from hpstudy.spec.layers import LENGTHS, branch_keys, possible, walk
from hpstudy.spec.problems import Problems
from hpstudy.spec.space import Choice, Condition, FloatRange, IntRange, Scalar, is_range
from hpstudy.spec.study import Cell
from hpstudy.spec.training import LOSSES, METRICS
from hpstudy.spec.yaml import Node


@dataclass(frozen=True)
class CellCheck:
    """The checks of one cell; `places` says where a setting was given.

    What follows from settings that mistakes leave in doubt, `doubts`, is not told.
    """

    cell: Cell
    arm: Arm
    ground: Ground
    places: Mapping[str, Node]
    doubts: frozenset[str]
    problems: Problems

    def all(self) -> None:
        """Tell every mistake."""
        self.length()
        self.match()
        self.search()
        self.task()
        self.batch()
        self.augment()
        self.branches()

    def tell(self, key: str, message: str) -> None:
        top = next((t for t, k, _ in walk(self.cell.settings) if k == key and t in self.places), "")
        section = self.ground.places["training"] if key.startswith("training.") else self.arm.place
        self.problems.add(self.places.get(top, section), message)

    def length(self) -> None:
        given = [key for key in LENGTHS if key in self.cell.settings]
        if is_foreign(self.cell.settings):
            given = given or ["left to the hypermodel's own fit"]
        if not given and not self.doubts.intersection(LENGTHS):
            say = "training.length is missing; write length: {epochs: 20} or {steps: 6000}"
            self.problems.add(self.ground.places["training"], say)
        every = {key for _, key, _ in walk(self.cell.settings) if key in LENGTHS}
        if given and len(every) > 1:
            self.tell(given[0], "training.length takes epochs or steps; saw both, keep one")
        at = self.ground.score.at if self.ground.score else None
        if not isinstance(at, int) or self.doubts.intersection(LENGTHS):
            return
        for _, key, value in walk(self.cell.settings):
            shortest = min(_numbers(value), default=None)
            if key == LENGTHS[0] and shortest is not None and at > shortest:
                say = f"score.at is epoch {at}, beyond the end of a run of {shortest:g} epochs"
                place = self.ground.places["score.at"]
                self.problems.add(place, f"{say}; allowed: epoch 1 to {shortest:g}")

    def match(self) -> None:
        if "subset.match" not in {key for _, key, _ in walk(self.cell.settings)}:
            return
        if "model.normalisation" in self.doubts:
            return
        kinds = possible("model.normalisation", self.cell.settings) or ()
        other = [str(kind) for kind in kinds if kind != "batch"]
        if other:
            say = "match: batchnorm counts BatchNorm's entries, but model.normalisation"
            seen = f"{'is' if len(kinds) == 1 else 'can be'} {', '.join(other)}"
            self.tell("subset.match", f"{say} {seen}; set it to batch, or give per_unit")

    def search(self) -> None:
        if any(key.startswith(SEARCH) for key in self.doubts):
            return
        ranges = (key for key, value in self.cell.settings.items() if is_range(value))
        searched = [key for key in ranges if key not in self.doubts]
        if self.arm.search is None:
            for key in searched:
                say = f"{key} is a range, but arm {self.arm.name} has search: none"
                self.tell(key, f"{say}; give it one value in this arm")
        elif self.arm.search.budget_epochs is not None and not self.length_is_known():
            say = "search.budget.epochs needs a run's length before its hypermodel is run"
            hint = "write training.length: {epochs: 20}, or {steps: 600} with a batch_size"
            assert self.arm.budget is not None
            self.problems.add(self.arm.budget, f"{say}; {hint}")
        elif self.arm.search.sampler == "grid" and "points" not in self.arm.search.sampler_options:
            for _, key, value in walk(self.cell.settings):
                endless = isinstance(value, FloatRange) and value.step is None
                if endless and key not in self.doubts:
                    say = f"{key} has no end of values, so a grid cannot list them"
                    self.tell(key, f"{say}; add a step, or write {{grid: {{points: 5}}}}")

    def length_is_known(self) -> bool:
        """Whether the file tells each run's epochs; of our models it always does."""
        epochs, steps = LENGTHS
        told = self.cell.settings.keys() | self.doubts
        return not is_foreign(self.cell.settings) or epochs in told or {steps, BATCH} <= told

    def task(self) -> None:
        task, settings = self.ground.task, self.cell.settings
        if task is None:
            return
        fits: dict[str, tuple[str, ...]] = {
            "training.loss": LOSSES[task],
            "training.early_stopping.monitor": METRICS[task],
        }
        for key, allowed in fits.items():
            for value in possible(key, settings) or ():
                if value not in allowed and key in self.places:
                    say = f"{key} `{value}` does not fit {task}"
                    self.tell(key, f"{say}; allowed: {', '.join(allowed)}")
        smoothing = possible("training.label_smoothing", settings)
        if task == "regression" and (smoothing is None or any(smoothing)):
            say = "training.label_smoothing has no meaning for regression"
            self.tell("training.label_smoothing", f"{say}; leave it out or set it to 0")

    def batch(self) -> None:
        examples = self.ground.examples
        for _, key, value in walk(self.cell.settings):
            largest = max(_numbers(value), default=0)
            if key == "training.batch_size" and examples is not None and largest > examples:
                say = f"training.batch_size reaches {largest:g}, more than the training part"
                self.tell(key, f"{say}; allowed: 1 to {examples}")

    def augment(self) -> None:
        wrong = unfit(self.cell.settings, self.ground.example) if self.ground.example else None
        if wrong is not None:
            self.tell(*wrong)

    def branches(self) -> None:
        owner: dict[str, str] = {}
        for key, value in self.cell.settings.items():
            for inner in sorted(branch_keys(value)):
                other = owner.setdefault(inner, key)
                if other != key:
                    say = f"{inner} stands in the choices of both {other} and {key}"
                    self.tell(key, f"{say}; keep it in one")
        for top, option, inner in _ruled_out(self.cell):
            allowed = ", ".join(str(one) for one in self.cell.conditions[inner][top])
            say = f"{inner} does not exist when {top} is {option}"
            self.tell(top, f"{say}; it exists when {top} is one of {allowed}")


def _ruled_out(cell: Cell) -> Iterator[tuple[str, Scalar, str]]:
    for _, key, value in walk(cell.settings):
        if isinstance(value, Choice):
            for option, branch in value.branches.items():
                for inner in branch:
                    condition: Condition = cell.conditions.get(inner, {})
                    if key in condition and option not in condition[key]:
                        yield key, option, inner


def _numbers(value: object) -> list[float]:
    if isinstance(value, IntRange | FloatRange):
        return [value.low, value.high]
    options = value.options if isinstance(value, Choice) else (value,)
    return [one for one in options if isinstance(one, int | float) and not isinstance(one, bool)]
