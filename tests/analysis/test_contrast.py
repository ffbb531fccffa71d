"""Which cells are compared, over which seeds, and the test split's own half-width."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hpstudy.analysis.contrast import Contrast, contrasts
from hpstudy.analysis.record import read
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options


def compared(store: Store) -> tuple[Contrast, ...]:
    record = read(store)
    assert record is not None
    return contrasts(record, store)


def test_cells_are_compared_where_their_sweep_agrees(tmp_path: Path) -> None:
    found = compared(synthetic.write(tmp_path))
    assert [(one.a.name, one.b.name) for one in found] == [
        ("bn_only depth=1", "full depth=1"),
        ("bn_only depth=3", "full depth=3"),
        ("bn_only depth=1", "random depth=1"),
        ("bn_only depth=3", "random depth=3"),
    ]


def test_an_arm_with_a_further_axis_is_compared_at_each_of_its_values(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path, Options(depths=(1,), extra_axis={"random": (1, 4)}))
    assert [one.b.name for one in compared(store)] == [
        "full depth=1",
        "random depth=1 per_unit=1",
        "random depth=1 per_unit=4",
    ]
    assert compared(store)[2].point == {"model.depth": 1, "subset.per_unit": 4}


def test_the_numbers_are_those_of_the_runs(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path)
    runs = [event for event in store.events() if event["event"] == "run"]

    def scores(cell: str) -> list[float]:
        own = [run for run in runs if run["cell"] == cell and run["phase"] == "confirm"]
        return [run["metrics"]["test_accuracy"] for run in own]

    one = compared(store)[0]
    test = stats.ttest_rel(scores("bn_only depth=1"), scores("full depth=1"))
    assert one.interval is not None
    assert one.interval.mean == pytest.approx(np.mean(one.differences))
    assert one.interval.low == pytest.approx(test.confidence_interval(0.95).low)
    assert one.a.counts == {"trained": 256, "frozen": 101642, "total": 101898}


def test_a_failed_seed_leaves_its_pair_out_and_the_rest_stay_paired(tmp_path: Path) -> None:
    whole = compared(synthetic.write(tmp_path / "whole"))[0]
    lost = compared(synthetic.write(tmp_path / "lost", Options(failed_confirm=[("full", 2)])))[0]
    assert lost.seeds == (0, 1, 3, 4, 5, 6, 7, 8, 9)
    assert lost.differences == whole.differences[:2] + whole.differences[3:]


def test_half_width_is_that_of_the_per_example_differences(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path)
    one = compared(store)[0]
    differences = []
    for left, right in zip(one.a.confirmed, one.b.confirmed, strict=True):
        hits = []
        for run in (left, right):
            arrays = store.arrays(run["run"])
            hits.append(arrays["test_outputs"].argmax(1) == arrays["test_labels"])
        differences.append(hits[0].astype(float) - hits[1])
    spread = np.var(np.mean(differences, axis=0), ddof=1)
    assert one.half_width == pytest.approx(1.96 * np.sqrt(spread / 1000))


def test_regression_half_width_is_in_the_metrics_own_unit(tmp_path: Path) -> None:
    options = {"task": "regression", "depths": (), "contrasts": (("bn_only", "full"),)}
    store = synthetic.write(tmp_path / "mse", Options(metric="mse", **options))  # type: ignore[arg-type]
    one = compared(store)[0]
    differences = []
    for left, right in zip(one.a.confirmed, one.b.confirmed, strict=True):
        pair = [store.arrays(run["run"]) for run in (left, right)]
        squared = [(p["test_outputs"].astype(float) - p["test_labels"])[:, 0] ** 2 for p in pair]
        # the synthetic study reports mse in a unit of 3 standardised ones
        differences.append(9 * (squared[0] - squared[1]))
    spread = np.var(np.mean(differences, axis=0), ddof=1)
    assert one.half_width == pytest.approx(1.96 * np.sqrt(spread / 1000), rel=1e-4)
    r2 = compared(synthetic.write(tmp_path / "r2", Options(metric="r2", **options)))[0]  # type: ignore[arg-type]
    assert r2.half_width is not None
    assert 0.01 < r2.half_width < 0.2


def test_without_stored_predictions_there_is_no_half_width(tmp_path: Path) -> None:
    one = compared(synthetic.write(tmp_path, Options(arrays=False)))[0]
    assert one.half_width is None
    assert "test split too small" not in {flag.name for flag in one.flags}


def test_a_cell_that_left_the_study_enters_no_claim(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path)
    study = next(event for event in store.events() if event["event"] == "study")
    kept = [cell for cell in study["cells"] if cell["point"]["model.depth"] == 3]
    store.append({**study, "cells": kept})
    assert [one.a.name for one in compared(store)] == ["bn_only depth=3"] * 2


def test_runs_of_an_earlier_search_enter_no_claim(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path, Options(generations={"full": 2}))
    one = compared(store)[0]
    assert {run["generation"] for run in one.b.runs} == {2}
