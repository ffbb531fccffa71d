"""Each flag on and off, at its threshold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpstudy.analysis.contrast import Contrast, contrasts
from hpstudy.analysis.flags import test_split_too_small as split_too_small
from hpstudy.analysis.flags import too_few_seeds
from hpstudy.analysis.ranges import Searched, searched, searched_keys
from hpstudy.analysis.record import read
from hpstudy.analysis.words import Measure
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

ACCURACY = Measure("accuracy", True)


def first(folder: Path, **options: object) -> Contrast:
    settings = {"depths": (3,), "arms": ("full", "bn_only"), "contrasts": (("bn_only", "full"),)}
    store = synthetic.write(folder, Options(**{**settings, **options}))  # type: ignore[arg-type]
    record = read(store)
    assert record is not None
    return contrasts(record, store)[0]


def words(one: Contrast, name: str) -> list[str]:
    return [flag.words for flag in one.flags if flag.name == name]


@pytest.mark.parametrize(
    ("value", "side"),
    [(0.01, "lower"), (0.0141, "lower"), (0.0142, None), (7.0, None), (7.1, "upper")],
)
def test_an_edge_of_a_log_range_is_five_percent_of_its_logarithm(
    value: float, side: str | None
) -> None:
    # of three decades, 5% is a factor of 10**0.15 = 1.413
    assert Searched("training.learning_rate", 0.01, 10.0, log=True).edge(value) == side


def test_an_edge_of_a_linear_range_is_five_percent_of_its_length() -> None:
    momentum = Searched("training.momentum", 0.0, 1.0)
    assert [momentum.edge(v) for v in (0.05, 0.051, 0.949, 0.951)] == ["lower", None, None, "upper"]


def test_the_ends_of_a_numeric_choice_are_edges_and_words_have_none() -> None:
    sizes = Searched("training.batch_size", options=(64, 32, 128))
    assert [sizes.edge(v) for v in (32, 64, 128)] == ["lower", None, "upper"]
    assert Searched("model.activation", options=("relu", "tanh")).edge("relu") is None
    assert Searched("model.bias", options=(True, False)).edge(True) is None
    assert Searched("model.depth", options=(3,)).edge(3) is None
    shallow = {"model.depth": {"int": [1, 2], "step": 1}}
    deeper = {"model.depth": {"int": [1, 3], "step": 1}}
    assert searched(shallow, {"model.depth": 2})[0].edge(2) is None
    assert searched(deeper, {"model.depth": 3})[0].edge(3) == "upper"
    # one of two is always an end
    assert Searched("training.batch_size", options=(64, 128)).edge(128) is None


def test_a_range_inside_a_branch_counts_only_under_its_option() -> None:
    branches = {"sgd": {"training.learning_rate": {"float": [0.01, 1.0], "log": True}}}
    settings = {
        "training.optimizer": {"choice": ["sgd", "adam"], "branches": branches},
        "training.learning_rate": {"float": [1e-5, 1e-2], "log": True},
    }
    sgd = searched(settings, {"training.optimizer": "sgd", "training.learning_rate": 0.9})
    adam = searched(settings, {"training.optimizer": "adam", "training.learning_rate": 0.003})
    assert [(one.key, one.low) for one in sgd][1:] == [("training.learning_rate", 0.01)]
    assert [(one.key, one.low) for one in adam][1:] == [("training.learning_rate", 1e-5)]
    configs = [{"training.optimizer": "sgd", "training.learning_rate": r} for r in (0.1, 0.9)]
    assert searched_keys(settings, configs) == {one.key for one in sgd}


def test_edge_names_the_arm_the_value_and_the_range(tmp_path: Path) -> None:
    told = words(first(tmp_path, depths=(1,)), "edge")
    assert told == ["full's batch size 128 is the largest of 32, 64, 128"]


def test_still_rising(tmp_path: Path) -> None:
    assert not words(first(tmp_path / "flat"), "still rising")
    (told,) = words(first(tmp_path / "rising", rising=True), "still rising")
    said = "validation accuracy was still rising over the last epochs of bn_only (+"
    assert told.startswith(said)
    assert "and full (+" in told


def test_a_falling_loss_is_still_rising_quality(tmp_path: Path) -> None:
    (told,) = words(first(tmp_path, rising=True, metric="loss"), "still rising")
    assert "validation loss was still falling" in told


def test_too_few_seeds() -> None:
    words = "too few seeds for the sign-flip test (5; at least 6 are needed for p < 0.05)"
    assert too_few_seeds(5)[0].words == words
    assert not too_few_seeds(6)


def test_too_few_seeds_in_a_contrast(tmp_path: Path) -> None:
    assert words(first(tmp_path / "five", confirm=5), "too few seeds")
    assert not words(first(tmp_path / "six", confirm=6), "too few seeds")


def test_test_split_too_small() -> None:
    (flag,) = split_too_small(-0.011, 0.012, 1000, ACCURACY)
    assert flag.words == "test split too small (its 1,000 examples alone leave +/-1.2 points)"
    assert not split_too_small(-0.013, 0.012, 1000, ACCURACY)
    assert not split_too_small(0.0, None, 1000, ACCURACY)


def test_a_small_test_split_is_flagged_in_a_contrast(tmp_path: Path) -> None:
    assert words(first(tmp_path / "few", test=20), "test split too small")
    assert not words(first(tmp_path / "many", test=4000), "test split too small")


def test_networks_differ(tmp_path: Path) -> None:
    assert not words(first(tmp_path / "same"), "networks differ")
    (told,) = words(first(tmp_path / "other", widths={"full": 256}), "networks differ")
    assert told == "networks differ (width 128 against 256)"


def test_counts_differ(tmp_path: Path) -> None:
    (told,) = words(first(tmp_path / "full"), "counts differ")
    assert told == "counts differ (768 against 135,178 trained parameters)"
    equal = {"arms": ("bn_only", "random"), "contrasts": (("bn_only", "random"),)}
    assert not words(first(tmp_path / "equal", **equal), "counts differ")


def test_counts_are_in_doubt_only_where_they_were_to_match(tmp_path: Path) -> None:
    def grave(folder: Path, **options: object) -> bool:
        (flag,) = (f for f in first(folder, **options).flags if f.name == "counts differ")
        return flag.grave

    assert not grave(tmp_path / "asked")
    # random was to have as many entries as BatchNorm, of another width
    matched = {"arms": ("bn_only", "random"), "contrasts": (("bn_only", "random"),)}
    assert grave(tmp_path / "matched", widths={"random": 64}, **matched)


def test_an_arm_that_is_not_above_the_constant_predictor(tmp_path: Path) -> None:
    assert not words(first(tmp_path / "above"), "not above constant")
    # the constant predictor has 11.4%
    near = first(tmp_path / "near", offsets={"bn_only": -0.8385})
    below = first(tmp_path / "below", offsets={"bn_only": -0.86})
    assert (near.mean_a or 0) > 0.114 > (below.mean_a or 1)
    assert words(near, "not above constant") == [
        "bn_only is not clearly above the constant predictor (11.4%)"
    ]
    assert words(below, "not above constant") == [
        "bn_only is not above the constant predictor (11.4%)"
    ]
    one = first(tmp_path / "one", confirm=1, offsets={"bn_only": -0.86})
    assert words(one, "not above constant")


def test_the_constant_predictor_of_another_metric_says_nothing(tmp_path: Path) -> None:
    assert not words(
        first(tmp_path, metric="loss", offsets={"bn_only": -0.9}), "not above constant"
    )


def test_dead_units_are_counted_over_seeds(tmp_path: Path) -> None:
    assert not words(first(tmp_path / "alive"), "dead units")
    few = first(tmp_path / "few", dead={"bn_only": 2})
    said = "2 of 32 units of bn_only hardly vary over training examples, as dead ReLUs do"
    assert words(few, "dead units") == [said]
    assert not next(f for f in few.flags if f.name == "dead units").grave
    many = first(tmp_path / "many", dead={"bn_only": 4})
    assert next(f for f in many.flags if f.name == "dead units").grave


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ({3: (0.2, 3.2)}, "one seed's loss is 3.2 in testing against 0.2 in validation"),
        (
            {1: (1.583, 4.119), 3: (1.419, 5.698), 4: (1.555, 3.025)},
            "the losses of 2 seeds are over 2 times as high in testing as in validation, at worst "
            "5.7 against 1.42",
        ),
    ],
)
def test_a_dead_unit_that_a_test_example_wakes_is_in_doubt(
    losses: dict[int, tuple[float, float]], told: str, tmp_path: Path
) -> None:
    first(tmp_path, dead={"bn_only": 1})
    store = Store(tmp_path)
    events = list(store.events())
    for event in events:
        if (event.get("arm"), event.get("phase")) == ("bn_only", "confirm"):
            loss = losses.get(event["seed_index"], (0.2, 0.3))
            event["metrics"] |= dict(zip(("loss", "test_loss"), loss, strict=True))
    store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    record = read(store)
    assert record is not None
    (flag,) = (f for f in contrasts(record, store)[0].flags if f.name == "dead units")
    assert flag.grave
    head = "1 of 32 units of bn_only hardly varies over training examples, as dead ReLUs do, and "
    assert flag.words == head + told


def test_diverged_seeds_count_as_the_constant_predictor(tmp_path: Path) -> None:
    assert not words(first(tmp_path / "none"), "diverged seeds")
    one = first(tmp_path / "one", diverged_confirm=[("bn_only", 4)])
    (told,) = words(one, "diverged seeds")
    assert told == "1 of 10 seeds of bn_only diverged and counts as the constant predictor (11.4%)"
    assert one.n == 10
    assert one.scores_a[4] == 0.114


def test_look(tmp_path: Path) -> None:
    assert not words(first(tmp_path / "once"), "look")
    told = words(first(tmp_path / "twice", trials=24, looks=[(16, 10), (24, 10)]), "look")
    assert told and all("were looked at twice (after 16, then 24 trials" in one for one in told)
    told = words(first(tmp_path / "seeds", looks=[(16, 5), (16, 10)]), "look")
    assert told == ["the test scores of both arms were looked at twice (on 5, then 10 seeds)"]


def test_several_edges_of_an_arm_are_told_as_one(tmp_path: Path) -> None:
    # the smallest of a range, beside the largest of a choice
    low = {"arms": ("full",), "contrasts": (("full", "full"),), "depths": (1,)}
    store = synthetic.write(tmp_path, Options(**low, searched=("training.warmup",)))  # type: ignore[arg-type]
    events = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    for event in events:
        if event["event"] == "choice":
            event["config"] |= {"training.warmup": 0.01, "training.batch_size": 128}
    store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    record = read(store)
    assert record is not None
    told = words(contrasts(record, store)[0], "edge")[0]
    assert told == (
        "full has values at an edge of their range: batch size 128 (32, 64, 128), warmup 0.01 "
        "(0 to 1)"
    )
