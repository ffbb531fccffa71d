"""Whole studies searched by Keras Tuner's oracles."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

import hpstudy
from hpstudy import report, spec, study
from hpstudy.search.view import View
from hpstudy.spec.growth import cells_as_json
from hpstudy.spec.study import Spec
from hpstudy.store import Store

FILE = """\
# Does an oracle search a study like any sampler?
name: oracles
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: 16}
training:
  length: {epochs: 6}
  learning_rate: {float: [0.01, 3], log: true}
arms:
  full: {train: all, search: {oracle: {hyperband: {first_epoch: 2}}}}
  bn_only: {train: batchnorm, training: {momentum: {choice: [0, 0.9]}}}
search: {driver: keras_tuner, trials: 8, parallel: 2, choose: {top: 2, seeds: 1}}
confirm: {seeds: 1}
"""
ALONE = "".join(line for line in FILE.splitlines(True) if "bn_only" not in line)
BUDGETED = ALONE.replace("trials: 8", "trials: 8, budget: {epochs: 16}")


@pytest.fixture(scope="module")
def loaded(load: Callable[..., Spec]) -> Spec:
    return load()


@pytest.fixture(scope="module")
def first(loaded: Spec, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first") / "oracles"
    assert study.run(loaded, folder, cache=cache).complete
    return folder


def every(folder: Path) -> list[dict[str, Any]]:
    """Every run event of a study."""
    return [event for event in Store(folder).events() if event["event"] == "run"]


def searched(folder: Path, arm: str) -> list[dict[str, Any]]:
    """The search trials of an arm, in order of their number."""
    runs = [run for run in every(folder) if run["phase"] == "search"]
    return sorted((run for run in runs if run["arm"] == arm), key=lambda run: run["trial"])


def promotions(folder: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The (paused, promoted) trials of the arm that Hyperband searches."""
    trials = searched(folder, "full")
    paused = {run["run"]: run for run in trials if run["status"] == "pruned"}
    finished = [run for run in trials if run["status"] == "finished"]
    return [(paused[run["run"]], run) for run in finished if run["run"] in paused]


def test_a_promotion_goes_on_from_the_paused_run(first: Path) -> None:
    trials = searched(first, "full")
    assert [run["epochs"] for run in trials[:5]] == [2, 2, 2, 6, 6]
    assert promotions(first)
    for before, run in promotions(first):
        assert before["trial"] < run["trial"]
        assert run["same_as"] is None
        assert run["continued"] == {"promoted_at": 2, "from": 2, "why": None}
        assert run["trained_epochs"] == 4
        accuracy = Store(first).curves(run["run"])["accuracy"]
        assert len(accuracy) == 6
        assert accuracy[1] == before["score"] == before["rungs"]["2"]
    assert {run["trained_epochs"] for run in trials if "continued" not in run} == {2, 6}
    assert not (first / "states").exists()


class Interrupted(study.Silent):
    """Stops the study once so many paused runs are in its store."""

    def __init__(self, paused: int) -> None:
        self.left = paused

    def ended(self, event: Any, trained: bool) -> None:
        self.left -= event["status"] == "pruned"
        if not self.left:
            raise KeyboardInterrupt


def test_interrupted_between_pause_and_promotion_it_goes_on_from_the_state(
    first: Path, loaded: Spec, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "oracles"
    with pytest.raises(KeyboardInterrupt):
        study.run(loaded, folder, workers=1, cache=cache, progress=Interrupted(3))
    assert len(list((folder / "states").iterdir())) == 3
    (folder / "states" / ".half.npz.1").write_bytes(b"written")
    assert study.run(loaded, folder, workers=1, cache=cache).complete
    assert not (folder / "states").exists()
    for kept in ("run", "status", "score", "epochs", "trained_epochs", "continued"):
        one, other = (
            [run.get(kept) for run in searched(place, "full")] for place in (first, folder)
        )
        assert one == other


def test_the_ranking_shows_a_promoted_configuration_once_and_finished(first: Path) -> None:
    ranking = hpstudy.load(first).ranking
    full = ranking[ranking["cell"] == "full"]
    promoted = [run for run in searched(first, "full") if run["status"] == "finished"]
    assert (full["status"] == "finished").sum() == len(promoted)
    picked = full[full["picked"]]
    assert list(picked["status"]) == ["finished"]
    assert list(picked["rank"]) == [1]


def test_killed_anywhere_it_ends_the_same(
    first: Path, loaded: Spec, cache: Path, tmp_path: Path
) -> None:
    lines = (first / "runs.jsonl").read_text().splitlines(keepends=True)
    paused = [at for at, line in enumerate(lines) if '"pruned"' in line]
    folder = tmp_path / "oracles"
    for kept in (paused[2] + 1, 14):
        folder.mkdir(exist_ok=True)
        (folder / "runs.jsonl").write_text("".join(lines[:kept]))
        assert study.run(loaded, folder, workers=1, cache=cache).complete
        for arm in loaded.arms:
            again, whole = searched(folder, arm), searched(first, arm)
            assert [(r["run"], r["status"], r["score"], r["epochs"]) for r in again] == [
                (r["run"], r["status"], r["score"], r["epochs"]) for r in whole
            ]
        if kept == paused[2] + 1:
            assert_promoted_from_the_start(first, folder)


def assert_promoted_from_the_start(first: Path, folder: Path) -> None:
    """The store alone was left, so that states were missing; what was trained is the same."""
    for (_, run), (_, whole) in zip(promotions(folder), promotions(first), strict=True):
        why = "its state is missing"
        if whole["continued"]["from"]:
            assert run["continued"] == {"promoted_at": 2, "from": 0, "why": why}
            assert (run["trained_epochs"], whole["trained_epochs"]) == (6, 4)
        for name, curve in Store(first).curves(run["run"]).items():
            np.testing.assert_array_equal(Store(folder).curves(run["run"])[name], curve)


def test_a_second_run_trains_nothing(first: Path, loaded: Spec, cache: Path) -> None:
    before = (first / "runs.jsonl").read_bytes()
    assert study.run(loaded, first, cache=cache).trained == 0
    assert (first / "runs.jsonl").read_bytes() == before


@pytest.mark.parametrize(("earlier", "trials"), [(True, 4), (False, 5)])
def test_a_search_keeps_the_rule_that_its_budget_began_with(
    earlier: bool, trials: int, first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    """Earlier versions counted the 2 epochs of a paused run again in its promotion to epoch 6."""
    budgeted = load(text=BUDGETED)
    store = Store(tmp_path / "oracles")
    for event in Store(first).events():
        if event["event"] == "study":
            event["cells"] = cells_as_json(budgeted.cells)
        elif event["cell"] != "full" or event["event"] not in ("generation", "run"):
            continue
        if earlier:
            event.pop("trained_epochs", None)
        store.append(event)
    before = len(list(store.events()))
    assert study.run(budgeted, store.folder, workers=1, cache=cache).complete
    (choice,) = [event for event in store.events() if event["event"] == "choice"]
    assert choice["trials"] == trials
    new = list(store.events())[before:]
    assert not [event for event in new if event["event"] == "generation"]
    assert {event["phase"] for event in new if event["event"] == "run"} <= {"choose", "confirm"}
    assert study.run(budgeted, store.folder, workers=1, cache=cache).trained == 0


@pytest.mark.parametrize(
    "edit", [("parallel: 2", "parallel: 1"), ("first_epoch: 2", "first_epoch: 3, factor: 2")]
)
def test_another_search_of_the_same_runs_shortens_no_curves(
    edit: tuple[str, str], first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(first, tmp_path / "oracles")
    before = {run["run"]: run["epochs"] for run in searched(first, "full")}
    assert study.run(load(text=ALONE.replace(*edit)), folder, workers=1, cache=cache).complete
    again = [run for run in searched(folder, "full") if run["generation"] == 2]
    shared = [run for run in again if run["run"] in before]
    assert shared
    for run, epochs in before.items():
        assert len(Store(folder).curves(run)["accuracy"]) >= epochs
    if edit[0] == "parallel: 2":
        assert {run["trained_epochs"] for run in shared} == {0}
    else:
        # it paused at another epoch, of which no record tells
        assert any(run["trained_epochs"] < before[run["run"]] for run in shared)


def test_dashboard_and_report_show_its_trials(first: Path) -> None:
    storage = View.of(Store(first)).storage
    shown = optuna.load_study(study_name="oracles: full", storage=storage).trials
    assert [trial.number for trial in shown] == list(range(8))
    assert {trial.state.name for trial in shown} == {"PRUNED", "COMPLETE"}
    report.write(first)
    page = (first / "report.html").read_text()
    assert "random oracle, none pruned" in page
    assert "hyperband oracle, on validation data" in page
    trained = sum(run["trained_epochs"] for run in every(first))
    gone_on = "1 promoted run went on without repeating an epoch"
    assert f"{trained} epochs in 22 runs; {gone_on}" in page
    runs = hpstudy.load(first).runs
    assert (runs["phase"] == "search").sum() == 16


@pytest.mark.slow
def test_hyperband_searches_somebody_elses_hypermodel(cache: Path, tmp_path: Path) -> None:
    listed = Path(hpstudy.__file__).parent.parent / "studies" / "own_hypermodel.py"
    (tmp_path / listed.name).write_bytes(listed.read_bytes())
    (tmp_path / "own.yaml").write_text(
        """\
# Is a promotion the same network, where only a worker knows the space?
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {hypermodel: own_hypermodel:DigitsNet}
training: {length: {epochs: 3}}
arms: {as_built: {train: as_built}}
search:
  {driver: keras_tuner, oracle: {hyperband: {first_epoch: 1}}, trials: 5, parallel: 1,
   choose: {top: 1}}
confirm: {seeds: 1}
"""
    )
    loaded = spec.load(tmp_path / "own.yaml", study.REGISTRIES)
    folder = tmp_path / "own"
    assert study.run(loaded, folder, workers=1, cache=cache).complete
    whole = searched(folder, "as_built")
    assert [run["epochs"] for run in whole] == [1, 1, 1, 3, 3]
    best = max(whole[:3], key=lambda run: float(run["score"]))
    assert (whole[3]["run"], whole[3]["params"]) == (best["run"], best["params"])
    assert [run["trained_epochs"] for run in whole] == [1, 1, 1, 2, 3]
    assert Store(folder).curves(best["run"])["accuracy"][0] == best["score"]
    lines = (folder / "runs.jsonl").read_text().splitlines(keepends=True)
    # the study, its cell's generation and three trials: the promotion is asked for again
    (folder / "runs.jsonl").write_text("".join(lines[:5]))
    study.run(loaded, folder, workers=1, cache=cache)
    assert [run["run"] for run in searched(folder, "as_built")] == [run["run"] for run in whole]
