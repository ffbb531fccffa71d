"""Networks over a limit of the search: told and recorded, never trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hpstudy import data, extremes, report, study
from hpstudy.errors import SpecError
from hpstudy.search.driver import Outcome
from hpstudy.search.drivers import DRIVERS
from hpstudy.search.window import CellSearch
from hpstudy.spec.space import IntRange
from hpstudy.spec.study import Cell, Search, Spec
from hpstudy.store import Store

FILE = """\
# How small may it be?
name: limits
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: {int: [4, 64]}}
training: {length: {epochs: 3}, learning_rate: {float: [0.01, 1], log: true}}
arms: {full: {train: all}}
search: {sampler: tpe, trials: 8, parallel: 2, max_parameters: 2000, choose: {top: 2, seeds: 1}}
confirm: {seeds: 1}
"""
Load = Callable[..., Spec]


def test_a_network_over_the_limit_is_recorded_and_not_trained(
    load: Load, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "limits"
    summary = study.run(load(), folder, workers=1, cache=cache)
    runs = [e for e in Store(folder).events() if e["event"] == "run" and e["phase"] == "search"]
    large = [run for run in runs if run["counts"]["total"] > 2000]
    assert 0 < len(large) < 8
    for run in runs:
        # 64 inputs, BatchNorm's two, and 10 outputs with their biases
        width = run["params"]["model.width"]
        assert run["counts"]["total"] == 64 * width + 2 * width + 10 * width + 10
        assert (run["status"], run["epochs"]) == (
            ("pruned", 0) if run in large else ("finished", 3)
        )
    counts = large[0]["counts"]
    assert large[0]["reason"] == (
        f"not trained: the network has {counts['total']:,} parameters, {counts['trained']:,} of "
        "them trained; max_parameters is 2,000"
    )
    assert summary.trained == 8 - len(large) + 2 + 1
    assert study.run(load(), folder, cache=cache).trained == 0
    report.write(folder)
    kept = (folder / "runs.jsonl").read_text().splitlines(keepends=True)
    first = [i for i, line in enumerate(kept) if json.loads(line)["event"] == "run"][3]
    (folder / "runs.jsonl").write_text("".join(kept[:first]))
    study.run(load(), folder, workers=1, cache=cache)
    again = [e for e in Store(folder).events() if e["event"] == "run" and e["phase"] == "search"]
    assert {r["trial"]: r["run"] for r in again} == {r["trial"]: r["run"] for r in runs}


def test_a_limit_that_no_network_keeps_is_told_at_once(load: Load) -> None:
    loaded = load("search.max_parameters=100")
    with pytest.raises(SpecError, match="is 100, and the smallest network has 314; no trial"):
        extremes.check(loaded, data.sizes(loaded.data))
    loaded = load("search.max_trained=20", "arms.full.train=batchnorm")
    extremes.check(loaded, data.sizes(loaded.data))


def searched(sampler: str, most: int, widest: int, *, told: bool = True) -> list[int]:
    """The widths of a search up to `widest` where wider is better, and `most` is the limit.

    With `told` the sampler learns by how much.
    """
    options = {"startup_trials": 4} if sampler == "tpe" else {}
    search = Search("optuna", sampler, "none", 24, 2, 1, 4, 3, options)
    space = {"training.length.epochs": 4, "model.width": IntRange(1, widest)}
    cell = Cell("full", {}, space, {}, {}, search)
    found = CellSearch(cell, True, lambda config: 4)
    while (trial := found.next()) is not None:
        width = trial.config["model.width"]
        assert isinstance(width, int)
        if trial.same_as is not None:
            outcome = found.outcomes[trial.same_as]
        else:
            excess = {"max_parameters": width - most} if told else {}
            fits = width <= most
            score = float(width) if fits else None
            outcome = Outcome("finished" if fits else "pruned", score, excess=excess)
        found.finish(trial.number, outcome)
    return [int(str(trial.config["model.width"])) for trial in found.trials]


@pytest.mark.parametrize("sampler", [s for s in DRIVERS["optuna"].samplers if s != "gp"])
def test_a_sampler_takes_constraints_and_repeats(sampler: str) -> None:
    assert searched(sampler, 50, 100) == searched(sampler, 50, 100)


def test_tpe_goes_where_the_limit_is_exceeded_least() -> None:
    # where no trial is within the limit, only the excess tells which one was better
    late, blind = (searched("tpe", 10, 1000, told=told)[10:] for told in (True, False))
    assert sum(late) / len(late) < 0.6 * sum(blind) / len(blind)
