"""Runs, run-epochs, steps and operations, from the declared tensors.

With K products of an example and a kernel entry (a convolution uses an entry at every place) and a
share t of the kernel entries training, at most 1, an example costs 2K floating-point operations
forward, 2K backward to the layer inputs and 2tK for the gradient of what trains; an epoch adds 2K
for each validation example. The searched configurations are stood for by uniform draws
from each cell's space. Everything is an upper bound in one respect: nothing is pruned or stops
early.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from statistics import fmean

from hpstudy.data import Sizes
from hpstudy.extremes import counted, tensors
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.length import length
from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Choice, IntRange, Range, Scalar, resolve
from hpstudy.spec.study import Cell, Search, Spec
from hpstudy.spec.training import TRAINING


@dataclass(frozen=True)
class Bill:
    """At most so many runs, run-epochs, programs, steps and floating-point operations.

    Of somebody's hypermodel only the runs are known, and the epochs where the file tells them.
    """

    search: int
    choose: int
    confirm: int
    run_epochs: int
    programs: int
    steps: float
    operations: float
    known: bool = True

    @property
    def runs(self) -> int:
        return self.search + self.choose + self.confirm


@dataclass(frozen=True)
class _Run:
    epochs: int
    steps: int
    operations: float
    program: tuple[tuple[str, Scalar], ...]


def bill(spec: Spec, sizes: Sizes) -> Bill:
    """What the study costs if it starts from nothing."""
    phases = {"search": 0, "choose": 0, "confirm": 0}
    epochs = steps = operations = 0.0
    programs: set[tuple[tuple[str, Scalar], ...]] = set()
    for cell in spec.cells:
        discovered = is_foreign(cell.settings)
        draws = [] if discovered else _draws(spec, cell, sizes)
        planned = runs(cell, spec.confirm_seeds)
        if cell.search is not None and draws:
            planned["search"] = min(planned["search"], _affordable(cell.search, draws))
        for phase, number in planned.items():
            phases[phase] += number
        total = sum(planned.values())
        if discovered:
            told = cell.settings.get("training.length.epochs")
            epochs += total * told if isinstance(told, int) else 0
            continue
        epochs += total * fmean(run.epochs for run in draws)
        steps += total * fmean(run.steps for run in draws)
        operations += total * fmean(run.operations for run in draws)
        programs |= {run.program for run in draws}
    return Bill(
        **phases,
        run_epochs=round(epochs),
        programs=len(programs),
        steps=steps,
        operations=operations,
        known=not any(is_foreign(cell.settings) for cell in spec.cells),
    )


def runs(cell: Cell, confirm_seeds: int) -> dict[str, int]:
    """A cell's runs by phase; without a search there is only the confirmation."""
    if cell.search is None:
        return {"search": 0, "choose": 0, "confirm": confirm_seeds}
    search = cell.search
    top = min(search.choose_top, search.trials)
    choose = top * search.choose_seeds if top > 1 else 0
    return {"search": search.trials, "choose": choose, "confirm": search.to_confirm * confirm_seeds}


def _affordable(search: Search, draws: list[_Run]) -> int:
    """How many whole runs the budget of a cell's search holds; minutes tell only when it runs."""
    if search.budget_epochs is None:
        return search.trials
    return max(1, int(search.budget_epochs / fmean(run.epochs for run in draws)))


def _draws(spec: Spec, cell: Cell, sizes: Sizes) -> list[_Run]:
    ask = _uniform(Random(derived(spec.seed, "bill", cell.name)))
    number = cell.search.trials if cell.search else 1
    proposals = (resolve(cell.settings, cell.conditions, ask) for _ in range(number))
    return [_run(proposal.config, sizes) for proposal in proposals]


def _run(config: Mapping[str, Scalar], sizes: Sizes) -> _Run:
    plan = length(config, sizes.train)
    parts = tensors(config, sizes.shape)
    kernels = [part for part in parts if part.role == "kernel"]
    products = sum(math.prod(part.shape) * part.places for part in kernels)
    entries = sum(math.prod(part.shape) for part in kernels)
    share = min(counted(config, sizes.shape).trained / entries, 1) if entries else 0
    examples = plan.steps * int(str(config["training.batch_size"]))
    operations = examples * (4 + 2 * share) * products
    operations += plan.epochs * sizes.validation * 2 * products
    return _Run(plan.epochs, plan.steps, operations, _program(config))


def _program(config: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
    """The settings whose values make another compiled program."""
    model = HYPERMODELS[str(config["model.type"])].parameters
    keys = ["model.type", "subset.train", "subset.of"]
    keys += [f"model.{one.name}" for one in model if one.role == "structure"]
    keys += [f"training.{one.name}" for one in TRAINING if one.role == "structure"]
    return tuple((key, config[key]) for key in keys if key in config)


def _uniform(random: Random) -> Callable[[str, Range], Scalar]:
    def ask(name: str, value: Range) -> Scalar:
        if isinstance(value, Choice):
            return random.choice(value.options)
        low, high = value.low, value.high
        drawn = (
            math.exp(random.uniform(math.log(low), math.log(high)))
            if value.log
            else random.uniform(low, high)
        )
        if value.step:
            drawn = low + round((drawn - low) / value.step) * value.step
        return round(drawn) if isinstance(value, IntRange) else drawn

    return ask
