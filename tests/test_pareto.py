"""A whole study that looks for accuracy and few trained parameters at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend, JournalStorage
from optuna.study import StudyDirection

import hpstudy
from hpstudy import bill, data, extremes, report, study
from hpstudy.analysis import claims
from hpstudy.analysis.pareto import columns
from hpstudy.bill.words import spaces
from hpstudy.engine.devices import Fleet
from hpstudy.spec.study import Spec
from hpstudy.store import Store

FILE = """\
# What do trained parameters buy?
name: front
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: {int: [9, 16]}}
training:
  length: {epochs: 2}
  batch_size: 128
  learning_rate: {float: [0.01, 3], log: true}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
search:
  objectives: [score, trained]
  sampler: {tpe: {startup_trials: 3}}
  trials: 7
  parallel: 2
  choose: {top: 2, seeds: 1}
confirm: {seeds: 2}
"""


@pytest.fixture(scope="module")
def loaded(load: Callable[..., Spec]) -> Spec:
    return load()


@pytest.fixture(scope="module")
def folder(loaded: Spec, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, run and reported."""
    found = tmp_path_factory.mktemp("run") / "front"
    assert study.run(loaded, found, workers=1, cache=cache).complete
    report.write(found)
    return found


def searched(folder: Path, cell: str) -> list[dict[str, Any]]:
    """A cell's finished search runs, each once."""
    runs: dict[str, dict[str, Any]] = {}
    for event in Store(folder).events():
        if event["event"] == "run" and (event["phase"], event["cell"]) == ("search", cell):
            runs.setdefault(event["run"], event)
    return [run for run in runs.values() if run["status"] == "finished"]


def beats(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    score, cost = one["score"] - other["score"], one["counts"]["trained"]
    less = other["counts"]["trained"] - cost
    return score >= 0 and less >= 0 and (score > 0 or less > 0)


def on_front(folder: Path, cell: str) -> list[dict[str, Any]]:
    """By the definition: what nothing beats."""
    runs = searched(folder, cell)
    return [run for run in runs if not any(beats(other, run) for other in runs)]


@pytest.mark.parametrize("cell", ["full", "bn_only"])
def test_the_front_is_what_nothing_beats(cell: str, folder: Path) -> None:
    kept = on_front(folder, cell)
    assert 0 < len(kept) < len(searched(folder, cell)), "this study must have both kinds"
    found = hpstudy.load(folder).pareto
    own = found[found["arm"] == cell]
    assert list(own["trained"]) == sorted(run["counts"]["trained"] for run in kept)
    assert dict(zip(own["run"], own["search_score"], strict=True)) == {
        run["run"]: run["score"] for run in kept
    }
    assert (own["cost.trained"] == own["trained"]).all()
    best = [run for other in ("full", "bn_only") for run in on_front(folder, other)]
    for run, of_all in zip(own["run"], own["of_all_arms"], strict=True):
        (point,) = (one for one in kept if one["run"] == run)
        assert of_all == (not any(beats(other, point) for other in best))


@pytest.mark.parametrize("cell", ["full", "bn_only"])
def test_the_best_of_the_front_are_chosen_among_and_confirmed(cell: str, folder: Path) -> None:
    events = [event for event in Store(folder).events() if event.get("cell") == cell]
    best = sorted(on_front(folder, cell), key=lambda run: (-run["score"], run["trial"]))[:2]
    (choice,) = (event for event in events if event["event"] == "choice")
    assert {entry["trial"] for entry in choice["ranked"]} == {run["trial"] for run in best}
    means = [entry["mean"] for entry in choice["ranked"]]
    assert means == sorted(means, reverse=True), "the pick has the best mean score"
    assert choice["trial"] == choice["ranked"][0]["trial"]
    confirmed = [e for e in events if e["event"] == "run" and e["phase"] == "confirm"]
    assert sorted((run["trial"], run["seed_index"]) for run in confirmed) == sorted(
        (run["trial"], index) for run in best for index in (0, 1)
    )
    found = hpstudy.load(folder).pareto
    own = found[found["arm"] == cell].set_index("trial")
    for run in best:
        tests = [r["metrics"]["test_accuracy"] for r in confirmed if r["trial"] == run["trial"]]
        assert own.loc[run["trial"], "test_mean"] == pytest.approx(sum(tests) / 2)
    assert list(own.index[own["picked"]]) == [choice["trial"]]


def test_optuna_opens_the_view_and_finds_the_same_front(folder: Path) -> None:
    storage = JournalStorage(JournalFileBackend(str(folder / "optuna.log")))
    for cell in ("full", "bn_only"):
        opened = optuna.load_study(study_name=f"front: {cell}", storage=storage)
        assert opened.directions == [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]
        assert opened.metric_names == ["score", "trained"]
        assert {trial.user_attrs["run"] for trial in opened.best_trials} == {
            run["run"] for run in on_front(folder, cell)
        }
        for trial in opened.trials:
            assert trial.values[1] == trial.user_attrs["trained"]


def test_what_is_stored_replays_the_same_search(loaded: Spec, folder: Path, cache: Path) -> None:
    """Every trial is asked again from stored scores and costs; another one would be refused."""
    before = (folder / "runs.jsonl").read_bytes()
    assert study.run(loaded, folder, workers=1, cache=cache).trained == 0
    assert (folder / "runs.jsonl").read_bytes() == before


def test_a_grown_study_has_the_front_of_one_at_once(
    folder: Path, load: Callable[..., Spec], cache: Path, tmp_path: Path
) -> None:
    for edits in (["search.trials=4"], []):
        assert study.run(load(*edits), tmp_path / "grown", workers=1, cache=cache).complete
    whole, grown = claims(folder), claims(tmp_path / "grown")
    again = {
        (cell.name, run["trial"]) for cell in grown.record.cells for run in cell.phase("confirm")
    }
    left = {
        (front.cell.name, point.trial)
        for front in grown.fronts
        for point in front.members
        if point.place is None
    }
    assert again & left, "growth must push a member that was confirmed off the shortlist"
    assert columns(grown.record, grown.fronts) == columns(whole.record, whole.fronts)
    for ours, theirs in zip(grown.fronts, whole.fronts, strict=True):
        for most in (point.costs["trained"] for point in theirs.members):
            bought = [one.within("trained", most, maximise=True) for one in (ours, theirs)]
            mine, other = (one.run["run"] if one else None for one in bought)
            assert mine == other is not None


def test_the_report_draws_the_front_and_lists_it(folder: Path) -> None:
    page = (folder / "report.html").read_text()
    assert '<section id="pareto"' in page
    assert "What accuracy costs" in page
    best = max(on_front(folder, "full"), key=lambda run: run["score"])
    told = f"{100 * best['score']:.1f}% at {best['counts']['trained']:,}"
    assert 'aria-label="validation accuracy against trained parameters. full: ' in page
    assert told in page
    assert (folder / "pareto.csv").read_text().startswith("cell,arm,trial,run,picked,of_all_arms")


def test_what_is_confirmed_is_billed_and_told(loaded: Spec) -> None:
    sizes = data.sizes(loaded.data)
    whole = bill.bill(loaded, sizes, Fleet(1))
    # in both cells: two of the front, on one seed and then on two
    assert (whole.search, whole.choose, whole.confirm) == (14, 4, 8)
    assert whole.run_epochs == 2 * (14 + 4 + 8)
    found = extremes.check(loaded, sizes)
    assert "looks for the front of score and trained parameters" in " ".join(
        " ".join(spaces(found)).split()
    )
