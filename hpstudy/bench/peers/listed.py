"""A study whose searches propose a given list of configurations, each once, and then end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hpstudy import spec
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.studies import Study
from hpstudy.spec.space import Choice, Scalar, Value
from hpstudy.spec.study import Cell, Spec
from hpstudy.study import REGISTRIES

RATE = "training.learning_rate"
TRAIN = {"all": "all", "batchnorm": "batchnorm", "random": "random, per_unit: 2"}


def listed(study: Study, configurations: Sequence[Configuration], folder: Path) -> Spec:
    """The study of `configurations`; its file is written into `folder`.

    Each arm is a grid over its configurations. No candidate goes on to the choose and confirm
    phases, which the peers do not have.
    """
    path = folder / f"{study.name}.yaml"
    path.write_text(_text(study, configurations))
    found = spec.load(path, REGISTRIES)
    return replace(found, cells=tuple(_narrowed(cell, configurations) for cell in found.cells))


def _narrowed(cell: Cell, configurations: Sequence[Configuration]) -> Cell:
    """The cell with its ranges replaced by the listed configurations, keyed by learning rate."""
    own: dict[Scalar, Mapping[str, Value]] = {
        one.learning_rate: _settings(one) for one in configurations if one.subset == cell.arm
    }
    inside = next(iter(own.values()))
    settings = {key: value for key, value in cell.settings.items() if key not in inside}
    settings[RATE] = Choice(tuple(own), own)
    assert cell.search is not None
    search = replace(cell.search, trials=len(own), choose_top=0)
    return replace(cell, settings=settings, search=search)


def _settings(one: Configuration) -> Mapping[str, Value]:
    return {
        "model.depth": one.depth,
        "model.width": one.width,
        "training.batch_size": one.batch_size,
    }


def _text(study: Study, configurations: Sequence[Configuration]) -> str:
    data = study.data
    test = "" if data.test is None else f", test: {data.test}"
    arms: dict[str, list[str]] = {}
    for one in configurations:
        arms.setdefault(one.subset, []).append(repr(one.learning_rate))
    lines = [
        f"# What does the benchmark `{study.name}` cost?",
        f"name: {study.name}",
        f"data: {{name: {data.name}, validation: {data.validation}{test}, "
        f"split_seed: {data.split_seed}}}",
        "model: {type: mlp}",
        "training:",
        f"  length: {{epochs: {study.epochs}}}",
        "  last_batch: keep  # as model.fit does",
        "score: {metric: accuracy, at: best_validation}",
        "arms:",
        *(line for arm, rates in arms.items() for line in _arm(arm, rates)),
        "search: {sampler: grid, pruner: none}",
    ]
    return "\n".join(lines) + "\n"


def _arm(subset: str, rates: Sequence[str]) -> tuple[str, str]:
    choice = f"{{choice: [{', '.join(rates)}]}}"
    return f"  {subset}:", f"    {{train: {TRAIN[subset]}, training: {{learning_rate: {choice}}}}}"
