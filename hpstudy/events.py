"""The store's events, made from what happened: plain data, ready for JSON."""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import hpstudy
from hpstudy.data import Split
from hpstudy.planned import Planned
from hpstudy.spec.growth import cells_as_json
from hpstudy.spec.study import Cell, Spec
from hpstudy.store import Event

# what a record says of how it was trained, which a copy of it was not
_OF_TRAINING = ("trained_epochs", "continued")


def study_event(spec: Spec, split: Split, beside: str | None = None) -> Event:
    """The `study` event: the study as it stands, and what it runs on.

    `beside` is where files lie that the study names, seen from the study's folder.
    """
    described = {
        "name": spec.data.name,
        "options": dict(spec.data.options),
        "validation": spec.data.validation,
        "test": spec.data.test,
        "split_seed": spec.data.split_seed,
        "examples": [len(split.y_train), len(split.y_val), len(split.y_test)],
        "shape": {
            "input_shape": list(split.shape.input_shape),
            "task": split.shape.task,
            "outputs": split.shape.outputs,
        },
        "target_scale": split.target_scale,
        "fingerprint": split.fingerprint,
    }
    score = {"metric": spec.score.metric, "at": spec.score.at, "maximise": spec.score.maximise}
    return {
        "event": "study",
        "name": spec.name,
        "question": spec.question,
        "text": spec.text,
        "arguments": list(spec.arguments),
        "data": described,
        "score": score,
        "cells": cells_as_json(spec.cells),
        "arms": list(spec.arms),
        "contrasts": [list(pair) for pair in spec.contrasts],
        "confirm_seeds": spec.confirm_seeds,
        "seed": spec.seed,
        "engine": dict(spec.engine),
        "versions": versions(),
        "constant_score": constant_score(split),
        **({"beside": beside} if beside is not None else {}),
    }


def run_event(cell: Cell, planned: Planned, record: Event, trained: bool) -> Event:
    """The `run` event: a record at its place in the study, `trained` for it or for another."""
    slot = planned.slot
    place = {
        "cell": slot.cell,
        "arm": cell.arm,
        "point": dict(cell.point),
        "generation": slot.generation,
        "phase": slot.phase,
        "trial": slot.trial,
        "seed_index": slot.seed_index,
    }
    asked: Event = {
        "seeds": dict(planned.seeds),
        "params": planned.proposal.params,
        "config": planned.proposal.config,
        "same_as": planned.run if planned.twin is not None else None,
    }
    blank: Event = {"epochs": 0, "trained_epochs": 0, "rungs": {}, "metrics": {}}
    blank |= {"counts": {}, "seconds": {}}
    if not trained:
        record = {key: value for key, value in record.items() if key not in _OF_TRAINING}
    if planned.discovery is not None:
        asked["discovery"] = planned.discovery
    return {"event": "run", **blank, **record, **place, **asked, "run": planned.run}


def versions() -> dict[str, str]:
    """Versions of everything that decides a result, without importing any of it."""
    names = ("jax", "keras", "keras-tuner", "numpy", "optuna", "scikit-learn", "scipy")
    found = {"hpstudy": hpstudy.__version__, "python": platform.python_version()}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def constant_score(split: Split) -> float:
    """Test score of the constant predictor: the majority class's share, or r2 of the mean."""
    import numpy as np

    if split.shape.task == "classification":
        majority = np.bincount(np.asarray(split.y_train)).argmax()
        return float((np.asarray(split.y_test) == majority).mean())
    error = np.square(np.asarray(split.y_test) - np.mean(split.y_train)).mean()
    return float(1 - error / np.var(np.asarray(split.y_test)))


def plain(event: Mapping[str, Any]) -> Event:
    """An event as it reads after a trip through JSON."""
    return dict(json.loads(json.dumps(event)))


def timeless(event: Mapping[str, Any]) -> Event:
    """An event without what changes when nothing else does: its time and its versions."""
    return {key: value for key, value in plain(event).items() if key not in ("time", "versions")}
