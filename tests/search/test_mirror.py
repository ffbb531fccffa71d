"""The Optuna storage on disk, read back by Optuna, and the dashboard that shows it."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.trial import TrialState

from hpstudy.errors import HpstudyError, StoreError
from hpstudy.search.dashboard import HOST, serve, server
from hpstudy.search.mirror import Mirror
from hpstudy.store import Store

CELL = "bn_only depth=3"
SETTINGS: dict[str, Any] = {
    "training.length.epochs": 20,
    "training.learning_rate": {"float": [0.01, 30.0], "log": True},
    "model.width": {"int": [16, 512], "step": 16},
    "training.schedule.at": {"choice": [[0.7, 0.9], None]},
    "training.optimizer": {
        "choice": ["sgd", "adam"],
        "branches": {"adam": {"training.beta_1": {"float": [0.5, 0.99]}}},
    },
}


def study_event(settings: Mapping[str, Any] = SETTINGS, cells: tuple[str, ...] = (CELL,)) -> Any:
    listed = [{"name": name, "arm": "bn_only", "settings": dict(settings)} for name in cells]
    return {"event": "study", "name": "mlp_bn", "score": {"maximise": True}, "cells": listed}


def run_event(trial: int, status: str = "finished", **changes: Any) -> dict[str, Any]:
    finished = status == "finished"
    return {
        "event": "run",
        "run": f"run{trial}",
        "cell": CELL,
        "generation": 1,
        "phase": "search",
        "trial": trial,
        "params": {
            "training.learning_rate": 0.5 + trial,
            "model.width": 32,
            "training.schedule.at": [0.7, 0.9],
            "training.optimizer": "adam",
            "training.beta_1[training.optimizer=adam]": 0.9,
        },
        "status": status,
        "reason": None if finished else "loss was nan at epoch 7",
        "score": 0.9 + trial / 100 if finished else None,
        "metrics": {"accuracy": 0.9} if finished else {},
        "epochs": 20,
        "rungs": {"5": 0.5 + trial / 100},
        "seconds": {"total": 2.5},
        "counts": {"trained": 10, "frozen": 90, "total": 100},
        "same_as": None,
        "time": f"2025-01-01T00:00:{trial:02d}+00:00",
        **changes,
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "mlp_bn")
    store.append(study_event())
    store.append({"event": "generation", "cell": CELL, "generation": 1, "reason": "first"})
    return store


def reloaded(store: Store) -> dict[str, optuna.Study]:
    storage = JournalStorage(JournalFileBackend(str(store.folder / "optuna.log")))
    names = optuna.get_all_study_names(storage)
    return {name: optuna.load_study(study_name=name, storage=storage) for name in names}


def test_trials_come_back_as_they_were_told(store: Store) -> None:
    mirror = Mirror(store.folder, maximise=True)
    mirror.rebuild(store)
    for trial, status in enumerate(("finished", "pruned", "diverged", "failed")):
        store.append(run_event(trial, status))
        mirror.told(CELL, 1, run_event(trial, status))
    mirror.told(CELL, 1, run_event(0, phase="confirm"))
    (study,) = reloaded(store).values()
    assert study.study_name == "mlp_bn: bn_only depth=3"
    assert study.direction == optuna.study.StudyDirection.MAXIMIZE
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED, TrialState.FAIL]
    assert [trial.state for trial in study.trials] == states
    assert [trial.value for trial in study.trials] == [0.9, 0.51, None, None]
    rungs = [trial.intermediate_values for trial in study.trials]
    assert rungs == [{5: 0.5}, {5: 0.51}, {}, {}]
    first = study.trials[0]
    assert first.params == {
        "training.learning_rate": 0.5,
        "model.width": 32,
        "training.schedule.at": "[0.7, 0.9]",
        "training.optimizer": "adam",
        "training.beta_1[training.optimizer=adam]": 0.9,
    }
    rate = first.distributions["training.learning_rate"]
    assert rate == optuna.distributions.FloatDistribution(0.01, 30.0, log=True)
    assert first.duration is not None
    assert first.duration.total_seconds() == 2.5
    assert first.user_attrs == {
        "run": "run0",
        "status": "finished",
        "epochs": 20,
        "trained": 10,
        "frozen": 90,
        "total": 100,
        "accuracy": 0.9,
        "seconds": 2.5,
    }
    assert study.trials[2].user_attrs["reason"] == "loss was nan at epoch 7"


def test_several_objectives_are_several_values(store: Store) -> None:
    wanted = study_event()
    wanted["cells"][0]["search"] = {"objectives": ["score", "trained", "epochs"]}
    store.append(wanted)
    mirror = Mirror(store.folder, maximise=True)
    mirror.rebuild(store)
    for trial, status in enumerate(("finished", "pruned", "diverged", "failed", "finished")):
        store.append(run_event(trial, status))
        mirror.told(CELL, 1, run_event(trial, status))
    told = (store.folder / "optuna.log").read_bytes()
    Mirror(store.folder, maximise=True).rebuild(store)
    assert (store.folder / "optuna.log").read_bytes() == told
    (study,) = reloaded(store).values()
    assert [one.name for one in study.directions] == ["MAXIMIZE", "MINIMIZE", "MINIMIZE"]
    assert study.metric_names == ["score", "trained", "epochs"]
    ends = [[0.9, 10, 20], *[None] * 3, [0.9 + 4 / 100, 10, 20]]
    assert [trial.values for trial in study.trials] == ends
    assert [trial.number for trial in study.best_trials] == [4]


def test_what_is_told_equals_what_is_rebuilt(store: Store) -> None:
    mirror = Mirror(store.folder, maximise=True)
    for trial in (1, 0, 2):
        store.append(run_event(trial))
        mirror.told(CELL, 1, run_event(trial))
    path = store.folder / "optuna.log"
    told = path.read_bytes()
    assert [trial.number for trial in reloaded(store)["mlp_bn: bn_only depth=3"].trials] == [
        0,
        1,
        2,
    ]
    before = path.stat().st_ino
    Mirror(store.folder, maximise=True).rebuild(store)
    assert path.read_bytes() == told
    assert path.stat().st_ino == before, "an equal file is left as it is"
    path.write_bytes(told[:-30])
    Mirror(store.folder, maximise=True).rebuild(store)
    assert path.read_bytes() == told


def test_a_trial_waits_for_those_before_it(store: Store) -> None:
    mirror = Mirror(store.folder, maximise=True)
    mirror.rebuild(store)
    mirror.told(CELL, 1, run_event(2))
    mirror.told(CELL, 1, run_event(0))
    (study,) = reloaded(store).values()
    assert [trial.user_attrs["run"] for trial in study.trials] == ["run0"]
    mirror.told(CELL, 1, run_event(1))
    (study,) = reloaded(store).values()
    assert [trial.user_attrs["run"] for trial in study.trials] == ["run0", "run1", "run2"]


def test_superseded_generations_keep_their_own_ranges(store: Store) -> None:
    store.append(run_event(0))
    narrow = {**SETTINGS, "training.learning_rate": {"float": [1.0, 2.0], "log": True}}
    store.append(study_event(narrow))
    store.append({"event": "generation", "cell": CELL, "generation": 2, "reason": "range"})
    store.append(run_event(0, generation=2))
    store.append(run_event(1, generation=2))
    mirror = Mirror(store.folder, maximise=False)
    mirror.rebuild(store)
    found = reloaded(store)
    assert set(found) == {f"mlp_bn: {CELL}", f"mlp_bn: {CELL} (superseded, generation 1)"}
    old = found[f"mlp_bn: {CELL} (superseded, generation 1)"].trials[0]
    assert old.distributions["training.learning_rate"].low == 0.01  # type: ignore[attr-defined]
    # 0.5 lies outside the new range, which no Optuna trial may: it is shown all the same
    new = found[f"mlp_bn: {CELL}"].trials
    assert [trial.params["training.learning_rate"] for trial in new] == [0.5, 1.5]
    assert found[f"mlp_bn: {CELL}"].direction == optuna.study.StudyDirection.MINIMIZE


def test_cells_that_left_the_study_are_superseded(store: Store) -> None:
    store.append(run_event(0))
    store.append(study_event(cells=("full depth=3",)))
    Mirror(store.folder, maximise=True).rebuild(store)
    assert set(reloaded(store)) == {f"mlp_bn: {CELL} (superseded, generation 1)"}


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    store.append(run_event(0))
    with server(store.folder, 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://{HOST}:{running.server_port}"
        running.shutdown()
        thread.join()


def asked(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


def test_the_dashboard_shows_cells_and_trials_as_they_come(address: str, store: Store) -> None:
    (study,) = asked(f"{address}/api/studies")["study_summaries"]
    assert study["study_name"] == f"mlp_bn: {CELL}"
    detail = asked(f"{address}/api/studies/{study['study_id']}")
    assert [trial["values"] for trial in detail["trials"]] == [[0.9]]
    store.append(run_event(1, "pruned"))
    end = time.monotonic() + 20
    while time.monotonic() < end:
        detail = asked(f"{address}/api/studies/{study['study_id']}")
        if len(detail["trials"]) == 2:
            break
        time.sleep(0.05)
    assert [trial["state"] for trial in detail["trials"]] == ["Complete", "Pruned"]
    with urllib.request.urlopen(f"{address}/dashboard", timeout=20) as page:
        assert b"<html" in page.read()
    assert not (store.folder / "optuna.log").exists(), "looking writes nothing"


def test_a_taken_port_is_told(address: str, store: Store) -> None:
    port = int(address.rsplit(":", 1)[1])
    with pytest.raises(HpstudyError, match=f"port {port} of 127.0.0.1 is taken; name another"):
        serve(store.folder, port)


def test_a_folder_without_a_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no folder .*nothing"):
        serve(tmp_path / "nothing", 0)
