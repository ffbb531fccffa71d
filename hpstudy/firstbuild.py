"""Somebody's hypermodel built once by a worker, before any trial: what it asks for and decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hpstudy.data import Split, shared
from hpstudy.engine.devices import Fleet, fleet
from hpstudy.engine.executor import Asked, LocalExecutor, Probed
from hpstudy.engine.job import Probe
from hpstudy.outside import first
from hpstudy.spec.declarations import Tensor
from hpstudy.spec.foreign import HP
from hpstudy.spec.identity import canonical
from hpstudy.spec.registered import Registered
from hpstudy.spec.seeds import seeds
from hpstudy.spec.space import Config, resolve
from hpstudy.spec.study import Cell, Spec

EXAMPLES = 256  # of each part, for a build that trains nothing


@dataclass(frozen=True)
class Met:
    """What a hypermodel asked for, the settings that it decides itself, and why it cannot train.

    `values` are those that it has been built with, by name; `tensors` those of the network, None
    where none was built.
    """

    asked: Mapping[str, Registered]
    decided: tuple[str, ...]
    values: frozenset[tuple[str, str]]
    reason: str | None = None
    tensors: tuple[Tensor, ...] | None = None


def built(spec: Spec, split: Split, cells: Iterable[Cell]) -> list[Met]:
    """What the hypermodel of each cell tells, built with its own defaults.

    Where the study file gives a range, its first value is taken.
    """
    with TemporaryDirectory(prefix="hpstudy-") as scratch:
        folders = shared.write(_few(split), scratch)
        workers = Fleet(1, backend=fleet(1, spec.engine, 1).backend)
        start = {
            "data": str(folders["train"]),
            "cache": str(Path(scratch) / "programs"),
            "dtype": spec.engine.get("dtype", "float32"),
            "sources": str(Path(spec.path).absolute().parent),
        }
        with LocalExecutor(workers, start, Path(folders["test"])) as executor:
            found: dict[str, Met] = {}
            told = []
            for cell in cells:
                config = _config(cell)
                given = {key: cell.settings[key] for key in cell.settings if key.startswith(HP)}
                alike = f"{canonical(config)} {given}"
                if alike not in found:
                    found[alike] = _met(
                        executor, cell, Probe(cell.name, config, seeds(spec.seed, "search", 0))
                    )
                told.append(found[alike])
            return told


def _config(cell: Cell) -> Config:
    """What the study file says of a cell's first build, which arms of other subsets share."""
    own = {key: value for key, value in cell.settings.items() if not key.startswith(HP)}
    config = resolve(own, cell.conditions, lambda name, value: first(value)).config
    kept = {key: value for key, value in config.items() if not key.startswith("subset.")}
    return {**kept, "subset.train": "none"}


def _met(executor: LocalExecutor, cell: Cell, probe: Probe) -> Met:
    asked: dict[str, Registered] = {}
    values = set()
    executor.probe(probe)
    while True:
        for event in executor.wait():
            if isinstance(event, Asked):
                one = Registered.of(event.asked)
                value = first(cell.settings.get(f"{HP}{one.name}", one.default))
                asked[one.name] = one
                values.add((one.name, repr(value)))
                executor.answer(event.run, value)
            elif isinstance(event, Probed):
                decided = tuple(event.found["collisions"])
                reason = None if decided else event.found["reason"]
                return Met(asked, decided, frozenset(values), reason, _tensors(event.found))


def _tensors(found: Mapping[str, Any]) -> tuple[Tensor, ...] | None:
    """The tensors that a worker tells of, in their own form again."""
    if "tensors" not in found:
        return None
    return tuple(Tensor(**{**one, "shape": tuple(one["shape"])}) for one in found["tensors"])


def _few(split: Split) -> Split:
    parts = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    return replace(split, **{part: getattr(split, part)[:EXAMPLES] for part in parts})
