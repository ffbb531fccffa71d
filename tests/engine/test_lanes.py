"""Runs that train side by side: each equals itself trained alone, whatever its neighbours do."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from jax.errors import JaxRuntimeError

from hpstudy.engine.cache import Counters
from hpstudy.engine.job import Job, Result
from hpstudy.engine.packed import Packed, packed


@pytest.fixture
def jobs(job: Callable[..., Job]) -> Callable[..., list[Job]]:
    """One job for each mapping of changes, named by its place, over the changes of all."""

    def make(changes: Sequence[dict[str, Any]], **of_all: Any) -> list[Job]:
        return [
            replace(job(**{**of_all, **own}), run=f"run {number}")
            for number, own in enumerate(changes)
        ]

    return make


def assert_same(ours: Result, alone: Result, tolerance: float) -> None:
    for name in ("status", "epochs", "scored_epoch", "counts", "program"):
        assert ours.record[name] == alone.record[name], name
    for name, curve in alone.curves.items():
        np.testing.assert_allclose(ours.curves[name], curve, tolerance, tolerance, err_msg=name)
    assert ours.arrays.keys() == alone.arrays.keys()
    for name, array in alone.arrays.items():
        one = ours.arrays[name]
        assert one.dtype == array.dtype and one.shape == array.shape, name
        if array.dtype.kind == "f":
            np.testing.assert_allclose(one, array, tolerance, tolerance, err_msg=name)


NEIGHBOURS: list[dict[str, Any]] = [
    {"training__learning_rate": 0.1},
    {"training__learning_rate": 0.01, "index": 1, "training__schedule": "cosine"},
    {"training__learning_rate": 0.05, "index": 3, "training__length__epochs": 3},
    {"training__learning_rate": 0.2, "index": 4, "training__length__epochs": 1},
    {"training__learning_rate": 0.3, "model__norm_momentum": 0.5, "training__warmup": 0.3},
]
PROGRAMS: dict[str, dict[str, Any]] = {
    "all": {"subset__train": "all", "training__momentum": 0.8, "training__weight_decay": 0.01},
    "batchnorm behind a prefix that skips read": {
        "model__type": "resmlp",
        "model__width": 8,
        "subset__train": "batchnorm",
    },
    "random": {"subset__train": "random+output", "subset__per_unit": 2},
    "random, read in blocks": {
        "model__width": 64,
        "subset__train": "random",
        "subset__per_unit": 2,
    },
    "random fractions of one program": {"subset__train": "random", "subset__fraction": 0.3},
    "adam and dropout": {"training__optimizer": "adam", "model__dropout": 0.3},
    "widths of one padded program": {"subset__train": "all"},
    "convolutions": {
        "model__type": "lenet",
        "model__kernel_size": 3,
        "model__filters": 3,
        "model__filters_2": 4,
    },
    "augmented": {
        "training__augment": "on",
        "training__augment__crop": 2,
        "training__last_batch": "keep",
    },
    "every example": {"training__last_batch": "keep", "training__label_smoothing": 0.1},
}


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_lane_equals_the_run_alone(program: str, jobs: Any, digits: Any, trainer: Any) -> None:
    train = trainer(digits, "float64")
    several = jobs(NEIGHBOURS, confirm=True, **PROGRAMS[program])
    if "padded" in program:
        wide = {"model.width": 16}
        several = [
            replace(one, config={**one.config, "model.width": 12 + n % 5}, padded=wide)
            for n, one in enumerate(several)
        ]
    found = train.together(4, several)
    assert len({result.record["program"] for result in found.values()}) == 1
    for one in several:
        assert_same(found[one.run], train(one), 1e-9)
        assert found[one.run].record["numerics"]["lanes"] == 4


@pytest.mark.usefixtures("float64")
def test_a_lane_that_diverges_harms_no_other(jobs: Any, digits: Any, trainer: Any) -> None:
    train = trainer(digits, "float64")
    rates = (0.05, 1e200, 0.01, 0.02)
    several = jobs(
        [{"training__learning_rate": rate, "index": i} for i, rate in enumerate(rates)],
        confirm=True,
        model__normalisation="none",
        training__length__epochs=4,
    )
    found = train.together(2, several)
    statuses = [found[one.run].record["status"] for one in several]
    assert statuses == ["finished", "diverged", "finished", "finished"]
    for one in several:
        assert_same(found[one.run], train(one), 1e-9)


@pytest.mark.usefixtures("float64")
def test_epochs_cut_short_end_their_own_lane_alone(jobs: Any, digits: Any, trainer: Any) -> None:
    train = trainer(digits, "float64")
    several = jobs(
        [{"training__length__steps": steps} for steps in (5, 17, 20, 34, 35)],
        confirm=True,
        training__length__epochs=None,
        training__last_batch="keep",
        subset__train="batchnorm+output",
    )
    found = train.together(4, several)
    for one in several:
        assert_same(found[one.run], train(one), 1e-9)


@pytest.mark.parametrize("restore", ["best", "last"])
@pytest.mark.usefixtures("float64")
def test_a_lane_that_stops_early_keeps_its_own_best(
    restore: str, jobs: Any, digits: Any, trainer: Any
) -> None:
    train = trainer(digits, "float64")
    stopping = {"monitor": "loss", "patience": 2, "restore": restore}
    several = jobs(
        [{"training__learning_rate": rate} for rate in (0.5, 1.0, 0.02)],
        confirm=True,
        at="best_validation" if restore == "last" else "last",
        training__length__epochs=12,
        training__early_stopping="on",
        **{f"training__early_stopping__{key}": value for key, value in stopping.items()},
    )
    found = train.together(4, several)
    assert len({result.record["epochs"] for result in found.values()}) > 1
    for one in several:
        assert_same(found[one.run], train(one), 1e-9)


def test_a_refilled_lane_equals_a_fresh_run_and_compiles_nothing(
    jobs: Any, digits: Any, cold_trainer: Any, counters: Counters
) -> None:
    train = cold_trainer(digits)
    several = jobs(
        [{"index": i, "training__length__epochs": 1 + i % 3} for i in range(9)],
        confirm=True,
        subset__train="random+batchnorm",
        subset__per_unit=2,
    )
    train.together(2, several[:1])
    before = counters.compilations
    found = train.together(2, several)
    assert counters.compilations == before
    for one in several:
        (fresh,) = train.together(2, [one]).values()
        assert_same(found[one.run], fresh, 0)
    assert counters.compilations == before


def test_in_single_precision_lanes_agree_with_the_run_alone(
    jobs: Any, digits: Any, trainer: Any
) -> None:
    train = trainer(digits)
    several = jobs(
        [{"index": i, "training__learning_rate": 0.05} for i in range(4)],
        training__length__epochs=10,
    )
    found = train.together(4, several)
    for one in several:
        score = train(one).record["score"]
        assert abs(found[one.run].record["score"] - score) <= 2 / len(digits.y_val)
        assert score > 0.9


def test_rungs_end_their_own_lane_alone(jobs: Any, digits: Any, trainer: Any) -> None:
    asked: list[tuple[str, int]] = []

    def report(run: str, epoch: int, score: float) -> bool:
        asked.append((run, epoch))
        return (run, epoch) != ("run 1", 2)

    several = jobs([{"index": i} for i in range(3)], rungs=(1, 2), training__length__epochs=3)
    found = trainer(digits).together(4, several, report)
    statuses = {run: result.record["status"] for run, result in found.items()}
    assert statuses == {"run 0": "finished", "run 1": "pruned", "run 2": "finished"}
    assert sorted(asked) == [(one.run, epoch) for one in several for epoch in (1, 2)]
    assert found["run 1"].record["epochs"] == 2
    assert len(found["run 0"].curves["loss"]) == 3


def test_programs_take_turns_and_every_run_ends(jobs: Any, digits: Any, trainer: Any) -> None:
    widths = (8, 13, 8, 13, 13, 8, 4096)
    several = jobs(
        [
            {"model__width": width, "index": i} if width < 4096 else {"training__batch_size": 4096}
            for i, width in enumerate(widths)
        ]
    )
    found = trainer(digits).together(2, several)
    statuses = [found[one.run].record["status"] for one in several]
    assert statuses == ["finished"] * 6 + ["failed"]
    assert "training.batch_size is 4096" in found["run 6"].record["reason"]


def exhausted(*_: Any) -> Any:
    raise JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1 byte")


def test_without_memory_half_the_lanes_start_again(
    jobs: Any, digits: Any, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third epoch does not fit: one run has been pruned by then, and another has begun."""
    epochs = 0

    def small(*given: Any) -> Packed:
        found = packed(*given)

        def train(*inputs: Any) -> Any:
            nonlocal epochs
            epochs += 1
            return exhausted() if epochs == 3 else found.train(*inputs)

        return replace(found, train=train) if found.lanes == 4 else found

    monkeypatch.setattr("hpstudy.engine.packs.packed", small)
    several = jobs([{"index": i} for i in range(6)], rungs=(1,), training__length__epochs=4)
    train = trainer(digits)
    found = train.together(4, several, lambda run, epoch, score: run != "run 1")
    assert found.keys() == {one.run for one in several}
    told = {run: one.record["numerics"] for run, one in found.items()}
    lanes = {run: (numerics["lanes"], numerics.get("halved")) for run, numerics in told.items()}
    assert lanes == {"run 1": (4, None)} | {f"run {number}": (2, 1) for number in (0, 2, 3, 4, 5)}
    monkeypatch.undo()
    for run, fresh in train.together(2, several, lambda run, *_: run != "run 1").items():
        if run != "run 1":
            assert_same(found[run], fresh, 0)


def test_a_run_that_does_not_fit_by_itself_fails_with_the_reason(
    jobs: Any, digits: Any, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(*given: Any) -> Packed:
        return replace(packed(*given), train=exhausted)

    monkeypatch.setattr("hpstudy.engine.packs.packed", small)
    monkeypatch.setattr("hpstudy.engine.programs.Program.epoch", exhausted)
    found = trainer(digits).together(4, jobs([{"index": 0}, {"index": 1}]))
    for result in found.values():
        assert result.record["status"] == "failed"
        assert result.record["numerics"] == {"lanes": 1, "halved": 2}
        assert "does not hold this run even by itself" in result.record["reason"]


def test_what_raises_in_a_pack_fails_its_runs_and_no_others(
    jobs: Any, digits: Any, trainer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("broken on purpose")

    def small(programs: Any, signature: Any, *given: Any) -> Packed:
        found = packed(programs, signature, *given)
        return replace(found, train=broken) if dict(signature.structure)["width"] == 13 else found

    monkeypatch.setattr("hpstudy.engine.packs.packed", small)
    several = jobs([{"model__width": width, "index": i} for i, width in enumerate((8, 13, 13, 8))])
    found = trainer(digits).together(2, several)
    statuses = [found[one.run].record["status"] for one in several]
    assert statuses == ["finished", "failed", "failed", "finished"]
    assert "broken on purpose" in found["run 1"].record["reason"]


def test_frozen_values_stay_bit_equal_in_every_lane(jobs: Any, digits: Any, trainer: Any) -> None:
    several = jobs([{"index": i} for i in range(3)], confirm=True, subset__train="batchnorm")
    for result in trainer(digits).together(4, several).values():
        moved = {
            path.removeprefix("final/")
            for path, value in result.arrays.items()
            if path.startswith("final/")
            and not np.array_equal(value, result.arrays[path.replace("final/", "initial/")])
        }
        assert moved == {
            f"norm_{layer}/{name}"
            for layer in range(2)
            for name in ("gamma", "beta", "moving_mean", "moving_variance")
        }
