"""A run that may start, as the job that a worker is handed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hpstudy.data import Split
from hpstudy.engine.devices import Fleet
from hpstudy.engine.job import Job
from hpstudy.engine.padding import padded
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.planned import Planned
from hpstudy.spec.foreign import is_foreign
from hpstudy.spec.length import length
from hpstudy.spec.study import Cell, Score
from hpstudy.states import States


def job(
    planned: Planned, cell: Cell, score: Score, fleet: Fleet, split: Split, states: States
) -> Job:
    """The job of a run of `cell`, padded as the fleet's programs are."""
    begins = planned.begins
    return Job(
        run=planned.run,
        config=planned.proposal.config,
        seeds=planned.seeds,
        metric=score.metric,
        at=score.at,
        maximise=score.maximise,
        rungs=planned.rungs,
        confirm=planned.slot.phase == "confirm",
        padded=_rounded(planned.proposal.config, cell, fleet, split),
        keeps=planned.keeps,
        begins=begins,
        state=str(states.path((planned.run, begins))) if begins else "",
    )


def kind(job: Job) -> str:
    """A word that jobs share which are likely to share a program."""
    config = {**job.config, **job.padded}
    if is_foreign(config):
        keys = sorted(key for key in config if key.startswith("model."))
    else:
        model = HYPERMODELS[config["model.type"]].parameters
        keys = [f"model.{one.name}" for one in model if one.role == "structure"]
    keys += ["training.batch_size", "training.optimizer", "subset.train"]
    return " ".join(str(config.get(key)) for key in keys)


def _rounded(
    config: Mapping[str, Any], cell: Cell, fleet: Fleet, split: Split
) -> Mapping[str, Any]:
    """The settings that a run's compiled program rounds up; `model.fit` rounds none."""
    if fleet.backend != "jax" or is_foreign(config):
        return {}
    return padded(
        config,
        cell.settings,
        HYPERMODELS[str(config["model.type"])],
        split.shape,
        length(config, len(split.x_train)),
        fleet.compilation,
    )
