"""Whole studies of other people's hypermodels, with real workers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hpstudy import spec, study
from hpstudy.errors import StudyChanged
from hpstudy.spec.study import Spec
from hpstudy.store import Store


def told(folder: Path) -> list[dict[str, Any]]:
    """Every run event in order of its place, without what differs between two equal studies."""
    runs = [event for event in Store(folder).events() if event["event"] == "run"]
    times = ("time", "seconds", "compilations", "cache_loads")
    kept = [{k: v for k, v in run.items() if k not in times} for run in runs]
    return sorted(
        kept, key=lambda run: (run["cell"], run["phase"], run["trial"], run["seed_index"])
    )


def test_a_worker_that_is_ended_costs_its_trial_and_a_resume_equals_the_whole(
    load: Callable[..., Spec], cache: Path, tmp_path: Path
) -> None:
    one = load("exits", trials=5)
    study.run(one, tmp_path / "whole", workers=2, cache=cache)
    whole = told(tmp_path / "whole")
    search = [run for run in whole if run["phase"] == "search"]
    ended = [run["params"]["model.hp.units"] == 0 for run in search]
    assert len(search) == 5 and 0 < sum(ended) < 5
    for run, lost in zip(search, ended, strict=True):
        assert run["status"] == ("failed" if lost else "finished"), run["reason"]
        assert not lost or "the worker ended with exit status 3" in run["reason"]
        assert run["discovery"].get("lost", False) is lost
    assert [run["status"] for run in whole if run["phase"] == "confirm"] == ["finished"] * 2

    half = tmp_path / "half"
    half.mkdir()
    lines = (tmp_path / "whole" / "runs.jsonl").read_text().splitlines(keepends=True)
    runs = [place for place, line in enumerate(lines) if json.loads(line)["event"] == "run"]
    (half / "runs.jsonl").write_text("".join(lines[: runs[2]]))
    summary = study.run(one, half, workers=1, cache=cache)
    assert summary.trained > 0
    assert [without_worker(run) for run in told(half)] == [without_worker(run) for run in whole]


def without_worker(run: dict[str, Any]) -> dict[str, Any]:
    """A run event without what a lost worker said last."""
    return {**run, "reason": None, "discovery": {**run.get("discovery", {}), "reason": None}}


def test_an_edited_hypermodel_contradicts_its_results(
    load: Callable[..., Spec], cache: Path, tmp_path: Path
) -> None:
    one = load("large", trials=2, search="sampler: random, max_parameters: 10")
    study.run(one, tmp_path / "study", workers=1, cache=cache)
    source = Path(one.path).with_name("contract_models.py")
    source.write_text(f"# a comment changes nothing\n{source.read_text()}")
    again = spec.load(one.path, study.REGISTRIES)
    assert study.run(again, tmp_path / "study", workers=1, cache=cache).trained == 0
    source.write_text(source.read_text().replace("[8, 4096]", "[8, 4097]"))
    log = tmp_path / "study" / "runs.jsonl"
    log.write_text(log.read_text().replace('"score":null', '"score":0.5', 1))
    with pytest.raises(StudyChanged, match=r"model\.code: contract_models\.py changed"):
        study.run(spec.load(one.path, study.REGISTRIES), tmp_path / "study", cache=cache)


def test_what_is_over_a_limit_or_a_budget_is_not_trained_and_never_asked_again(
    load: Callable[..., Spec], cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = "driver: keras_tuner, oracle: {grid: {points: 2}}"
    search = f"{driver}, max_parameters: 5000, budget: {{epochs: 3}}"
    one = load("large", trials=9, search=search, model=", hp: {units: {choice: [4096, 8]}}")
    assert study.run(one, tmp_path / "study", workers=1, cache=cache).complete
    runs = [run for run in told(tmp_path / "study") if run["phase"] == "search"]
    large = [run["params"]["model.hp.units"] == 4096 for run in runs]
    # in order, and without a second small one, since it would need four of the three epochs
    assert large == [True, True, False]
    for run, over in zip(runs, large, strict=True):
        assert (run["status"], run["epochs"]) == (("pruned", 0) if over else ("finished", 2))
        assert not over or "the network has 307,210 parameters" in run["reason"]
    (choice,) = (e for e in Store(tmp_path / "study").events() if e["event"] == "choice")
    assert choice["ended"] == "budget used up: 2 of 3 epochs, and the next trial needs 2"
    monkeypatch.setattr("hpstudy.coordinator.LocalExecutor", None)
    assert study.run(one, tmp_path / "study", workers=1, cache=cache).trained == 0


def test_without_a_search_the_authors_defaults_are_run(
    load: Callable[..., Spec], cache: Path, tmp_path: Path
) -> None:
    path = Path(load("per_layer").path)
    lines = path.read_text().splitlines()
    unsearched = ["search: none" if line.startswith("search:") else line for line in lines]
    path.write_text("\n".join(unsearched))
    one = spec.load(path, study.REGISTRIES)
    assert study.run(one, tmp_path / "study", workers=1, cache=cache).trained == 2
    assert study.run(one, tmp_path / "study", workers=1, cache=cache).trained == 0
    for run in told(tmp_path / "study"):
        assert (run["phase"], run["params"]) == ("confirm", {})
        assert (run["config"]["model.hp.depth"], run["config"]["model.hp.units_0"]) == (1, 8)
