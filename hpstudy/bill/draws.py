"""What whole runs of a cell take, by draws from its space: epochs, steps, operations, programs.

With K products of an example and a kernel entry (a convolution uses an entry at every place) and a
share t of the kernel entries training, at most 1, an example costs 2K floating-point operations
forward, 2K backward to the layer inputs and 2tK for the gradient of what trains; an epoch adds 2K
for each validation example. Nothing is pruned or stops early.
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
from hpstudy.spec.length import length
from hpstudy.spec.seeds import derived
from hpstudy.spec.space import Choice, IntRange, Range, Scalar, resolve
from hpstudy.spec.study import Cell, Spec
from hpstudy.spec.training import TRAINING

Program = tuple[tuple[str, Scalar], ...]
# enough for an average; a budget's limit on trials may be far beyond what it holds
MOST = 200


@dataclass(frozen=True)
class Whole:
    """What a run takes that nothing stops; over several configurations their mean."""

    epochs: float
    steps: float
    operations: float


@dataclass(frozen=True)
class Draws:
    """The mean run of a cell, the programs met, and whether all runs have the same epochs."""

    mean: Whole
    programs: frozenset[Program]
    equal: bool


def draws(spec: Spec, cell: Cell, sizes: Sizes) -> Draws:
    """As many uniform draws from a declared cell's space as its search has trials."""
    ask = _uniform(Random(derived(spec.seed, "bill", cell.name)))
    search = cell.search
    number = search.trials if search else 1
    if search and search.budgeted:
        number = min(number, MOST)
    configs = [resolve(cell.settings, cell.conditions, ask).config for _ in range(number)]
    runs = [_whole(config, sizes) for config in configs]
    mean = Whole(
        fmean(run.epochs for run in runs),
        fmean(run.steps for run in runs),
        fmean(run.operations for run in runs),
    )
    equal = len({run.epochs for run in runs}) == 1
    return Draws(mean, frozenset(map(_program, configs)), equal)


def _whole(config: Mapping[str, Scalar], sizes: Sizes) -> Whole:
    plan = length(config, sizes.train)
    parts = tensors(config, sizes.shape)
    kernels = [part for part in parts if part.role == "kernel"]
    products = sum(math.prod(part.shape) * part.places for part in kernels)
    entries = sum(math.prod(part.shape) for part in kernels)
    share = min(counted(config, sizes.shape).trained / entries, 1) if entries else 0
    examples = plan.steps * int(str(config["training.batch_size"]))
    operations = examples * (4 + 2 * share) * products
    operations += plan.epochs * sizes.validation * 2 * products
    return Whole(plan.epochs, plan.steps, operations)


def _program(config: Mapping[str, Scalar]) -> Program:
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
