"""What a run does besides training well: freezing, stopping, scoring, diverging, not compiling."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.engine.cache import Counters
from hpstudy.hypermodels.mlp import tensors
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.rules import Rule, select

OPTIMIZERS = [
    {"training__optimizer": "sgd", "training__weight_decay": 0.01, "training__learning_rate": 0.1},
    {"training__optimizer": "adam", "training__learning_rate": 0.01},
    {"training__optimizer": "adamw", "training__weight_decay": 0.1},
]
SUBSETS = [
    {"subset__train": "batchnorm"},
    {"subset__train": "output+gamma"},
    {"subset__train": "random", "subset__per_unit": 3},
    {"subset__train": "batchnorm+random", "subset__fraction": 0.2, "subset__of": "all"},
    {"subset__train": "all-output"},
    {"subset__train": "random", "subset__match": "batchnorm"},
    {"subset__train": "none"},
]


@settings(max_examples=6, deadline=None)
@given(
    subset=st.sampled_from(SUBSETS),
    optimizer=st.sampled_from(OPTIMIZERS),
    depth=st.integers(1, 3),
    width=st.sampled_from([8, 13]),
)
def test_frozen_entries_stay_bit_equal_and_trained_ones_move(
    subset: Any, optimizer: Any, depth: int, width: int, job: Any, digits: Any, trainer: Any
) -> None:
    run = job(
        confirm=True,
        model__depth=depth,
        model__width=width,
        training__length__epochs=1,
        **subset,
        **optimizer,
    )
    result = trainer(digits)(run)
    own = {"depth": depth, "width": width}
    declared = tensors(own, DataShape((8, 8, 1), "classification", 10))
    chosen = select(Rule.from_config(run.config), declared, run.seeds["mask"])
    moved = 0
    for tensor in declared:
        before = result.arrays[f"initial/{tensor.path}"].ravel()
        after = result.arrays[f"final/{tensor.path}"].ravel()
        picked = chosen[tensor.path]
        trains = np.zeros(before.size, bool)
        trains[slice(None) if isinstance(picked, str) else picked] = picked is not None
        if isinstance(picked, str):
            trains[:] = picked == "all"
        assert np.array_equal(before[~trains], after[~trains]), tensor.path
        moved += int((before[trains] != after[trains]).sum())
    if subset["subset__train"] != "none":
        assert moved > 0


def test_frozen_gamma_keeps_live_batch_statistics(job: Any, digits: Any, trainer: Any) -> None:
    arrays = trainer(digits)(job(confirm=True, subset__train="output")).arrays
    for name in ("moving_mean", "moving_variance"):
        before, after = (arrays[f"{when}/norm_0/{name}"] for when in ("initial", "final"))
        assert not np.array_equal(before, after)


def test_another_number_compiles_nothing(
    job: Any, digits: Any, cold_trainer: Any, counters: Counters
) -> None:
    train = cold_trainer(digits)
    base = {
        "confirm": True,
        "subset__train": "random+batchnorm",
        "subset__per_unit": 2,
        "model__dropout": 0.2,
        "training__weight_decay": 0.1,
    }
    train(job(**base))
    before = counters.compilations
    changes: list[dict[str, Any]] = [
        {"training__learning_rate": 0.3},
        {"training__momentum": 0.5},
        {"training__weight_decay": 0.01},
        {"model__norm_momentum": 0.5, "model__norm_epsilon": 1e-3},
        {"model__gamma_initializer": 0.5, "model__kernel_initializer": "binary"},
        {"model__dropout": 0.4, "training__label_smoothing": 0.1},
        {"training__schedule": "cosine", "training__warmup": 0.1},
        {"training__length__epochs": 3},
        {"index": 1},
    ]
    for change in changes:
        train(job(**{**base, **change}))
    assert counters.compilations == before
    train(job(**{**base, "model__width": 17}))
    assert counters.compilations > before


def test_a_searched_fraction_shares_programs(
    job: Any, digits: Any, cold_trainer: Any, counters: Counters
) -> None:
    train = cold_trainer(digits)
    train(job(subset__train="random", subset__fraction=0.30))
    before = counters.compilations
    train(job(subset__train="random", subset__fraction=0.26))
    assert counters.compilations == before


def test_a_second_process_loads_what_the_first_compiled(
    job: Any, digits: Any, cold_trainer: Any, counters: Counters
) -> None:
    first = cold_trainer(digits)(job(confirm=True))
    compiled, second = counters.compilations, cold_trainer(digits)
    again = second(job(confirm=True))
    assert counters.compilations == compiled
    assert second.programs.cache.loads == 3
    assert again.record["score"] == first.record["score"]


def test_a_damaged_cache_entry_is_compiled_again(
    job: Any, digits: Any, cold_trainer: Any, tmp_path: Any
) -> None:
    first = cold_trainer(digits)(job())
    entries = [path for path in tmp_path.rglob("*.program")]
    assert entries
    for entry in entries:
        entry.write_bytes(b"cut short")
    assert cold_trainer(digits)(job()).record["score"] == first.record["score"]


def test_divergence_is_a_result_that_says_when(job: Any, digits: Any, trainer: Any) -> None:
    run = job(
        confirm=True,
        model__normalisation="none",
        training__learning_rate=1e6,
        training__length__epochs=5,
    )
    record = trainer(digits)(run).record
    assert record["status"] == "diverged"
    assert "at epoch" in record["reason"]
    majority = np.bincount(digits.y_train).argmax()
    assert record["score"] == pytest.approx((digits.y_val == majority).mean())
    assert record["metrics"]["test_accuracy"] == pytest.approx((digits.y_test == majority).mean())


def test_a_rung_waits_for_its_answer(job: Any, digits: Any, trainer: Any) -> None:
    asked: list[tuple[int, float]] = []

    def stop_at_four(epoch: int, score: float) -> bool:
        asked.append((epoch, score))
        return epoch < 4

    run = job(training__length__epochs=8, rungs=(2, 4, 6))
    result = trainer(digits)(run, stop_at_four)
    assert [epoch for epoch, _ in asked] == [2, 4]
    assert result.record["status"] == "pruned"
    assert result.record["epochs"] == 4
    assert result.record["score"] == asked[-1][1] == result.curves["accuracy"][3]
    assert result.record["rungs"] == {"2": asked[0][1], "4": asked[1][1]}


def test_best_validation_scores_the_best_epochs_parameters(
    job: Any, digits: Any, trainer: Any
) -> None:
    changes: dict[str, Any] = {"training__length__epochs": 12, "training__learning_rate": 2.0}
    result = trainer(digits)(job(confirm=True, at="best_validation", **changes))
    best = int(result.curves["accuracy"].argmax()) + 1
    assert result.record["scored_epoch"] == best
    cut = trainer(digits)(job(confirm=True, at=best, **changes))
    assert cut.record["scored_epoch"] == best
    np.testing.assert_array_equal(result.arrays["test_outputs"], cut.arrays["test_outputs"])


@pytest.mark.parametrize("restore", ["best", "last"])
def test_early_stopping_waits_and_restores(
    restore: str, job: Any, digits: Any, trainer: Any
) -> None:
    run = job(
        training__length__epochs=60,
        training__learning_rate=0.5,
        training__early_stopping="on",
        **{
            f"training__early_stopping__{k}": v
            for k, v in {"monitor": "loss", "patience": 3, "restore": restore}.items()
        },
    )
    result = trainer(digits)(run)
    losses = result.curves["loss"]
    best = int(losses.argmin()) + 1
    assert len(losses) < 60
    assert len(losses) - best == 3
    expected = best if restore == "best" else len(losses)
    assert result.record["scored_epoch"] == expected
    assert result.record["score"] == result.curves["accuracy"][expected - 1]


def test_steps_cut_the_last_epoch_short(job: Any, digits: Any, trainer: Any) -> None:
    per_epoch = len(digits.x_train) // 64
    whole = trainer(digits)(job(confirm=True, training__length__epochs=2)).arrays
    steps: dict[str, Any] = {"training__length__epochs": None}
    same = trainer(digits)(job(confirm=True, training__length__steps=2 * per_epoch, **steps))
    np.testing.assert_array_equal(
        whole["final/dense_0/kernel"], same.arrays["final/dense_0/kernel"]
    )
    one_less = trainer(digits)(
        job(confirm=True, training__length__steps=2 * per_epoch - 1, **steps)
    )
    assert one_less.record["epochs"] == 2
    assert not np.array_equal(
        whole["final/dense_0/kernel"], one_less.arrays["final/dense_0/kernel"]
    )


def test_the_cached_prefix_changes_nothing(
    job: Any, digits: Any, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = job(confirm=True, subset__train="batchnorm", model__width=32, training__length__epochs=4)
    cached = trainer(digits)(run)
    assert cached.record["numerics"]["prefix"]
    monkeypatch.setattr("hpstudy.engine.setup.PREFIX_LIMIT", 0)
    plain = trainer(digits)(run)
    assert not plain.record["numerics"]["prefix"]
    np.testing.assert_allclose(
        cached.arrays["test_outputs"], plain.arrays["test_outputs"], rtol=1e-4, atol=1e-4
    )


def test_a_run_that_trains_nothing_shares_no_validation_with_one_that_trains_all(
    job: Any, digits: Any, trainer: Any
) -> None:
    train = trainer(digits)
    full = train(job())
    untrained = train(job(subset__train="none"))
    assert full.record["score"] > untrained.record["score"]
    assert untrained.record["numerics"]["prefix"]


def test_a_full_run_has_no_prefix(job: Any, digits: Any, trainer: Any) -> None:
    assert not trainer(digits)(job()).record["numerics"]["prefix"]


def test_a_batch_larger_than_the_data_is_told(job: Any, digits: Any, trainer: Any) -> None:
    with pytest.raises(ValueError, match="training.batch_size is 4096"):
        trainer(digits)(job(training__batch_size=4096))


def test_regression_is_scored_in_the_targets_own_unit(
    job: Any, diabetes: Any, trainer: Any
) -> None:
    run = job(
        confirm=True,
        metric="r2",
        training__learning_rate=0.01,
        training__length__epochs=20,
        training__batch_size=32,
        subset__train="all",
    )
    result = trainer(diabetes)(run)
    outputs, labels = result.arrays["test_outputs"], result.arrays["test_labels"]
    scale = diabetes.target_scale
    mae = np.abs(outputs - labels).mean() * scale
    assert result.record["metrics"]["test_mae"] == pytest.approx(mae, rel=1e-5)
    assert 20 < mae < 70
    assert math.isfinite(result.record["metrics"]["test_r2"])
