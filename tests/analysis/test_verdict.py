"""The sentence, word by word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hpstudy.analysis.contrast import contrasts
from hpstudy.analysis.record import read
from hpstudy.analysis.remarks import Remark
from hpstudy.analysis.verdict import verdict
from hpstudy.analysis.words import Measure, number, p_value
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options


def sentences(folder: Path, **options: object) -> list[str]:
    store = synthetic.write(folder, Options(**options))  # type: ignore[arg-type]
    record = read(store)
    assert record is not None
    return [str(verdict(record, one)) for one in contrasts(record, store)]


def test_a_difference(tmp_path: Path) -> None:
    assert sentences(tmp_path)[1] == (
        "At depth 3, bn_only reaches 94.25% test accuracy against full's 96.60%: -2.4 points "
        "(95% interval -2.8 to -1.9, n = 10 paired seeds, sign-flip p = 0.002), "
        "training 768 of 135,178 against all 135,178 parameters; "
        "same network (mlp, width 128)."
    )


def test_an_interval_over_zero_shows_no_difference_and_claims_no_equality(tmp_path: Path) -> None:
    level = {"bn_only": 0.025}
    told = sentences(tmp_path, offsets=level, depths=(1,), contrasts=(("bn_only", "full"),))[0]
    assert "no difference shown (" in told
    assert not {"equal", "equals", "identical", "no difference."} & set(told.split())


def test_networks_that_differ_are_told_by_what_differs_alone(tmp_path: Path) -> None:
    told = sentences(tmp_path, widths={"full": 64}, depths=(2,))[0]
    assert "; networks differ: bn_only has width 128, full has width 64;" in f"{told[:-1]};"
    assert told.count("networks differ") == 1


def test_a_setting_that_follows_from_another_is_not_told(tmp_path: Path) -> None:
    def change(cell: str, config: dict[str, Any]) -> None:
        if cell.startswith("full"):
            config["model.normalisation"] = "none"
        else:
            config |= {"model.normalisation": "batch", "model.norm_epsilon": 0.001}
            config |= {"model.gamma_initializer": "normal"}

    store = synthetic.write(tmp_path / "whole", Options(depths=(2,)))
    events = list(store.events())
    for event in events:
        if "config" in event:
            change(event["cell"], event["config"])
    changed = Store(tmp_path / "changed")
    changed.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    record = read(changed)
    assert record is not None
    (remark, *_) = verdict(record, contrasts(record, changed)[0]).remarks
    assert remark.words == (
        "networks differ: bn_only has normalisation batch, full has normalisation none"
    )


def test_networks_that_differ_are_in_doubt_and_the_same_network_is_a_note(tmp_path: Path) -> None:
    for folder, widths, grave in (("same", {}, False), ("other", {"full": 64}, True)):
        store = synthetic.write(tmp_path / folder, Options(depths=(2,), widths=widths))
        record = read(store)
        assert record is not None
        said = verdict(record, contrasts(record, store)[0])
        assert said.remarks[0].grave == grave
        assert str(said) == "; ".join([said.claim, *(one.words for one in said.remarks)]) + "."


RANGE = {"int": [64, 256], "log": True, "step": None}
BRANCHES = {str(size): {"model.width": RANGE} for size in (32, 64, 128)}


def test_a_setting_that_two_arms_of_one_subset_declare_is_what_is_asked(tmp_path: Path) -> None:
    def first(folder: str, *arms: str, by: str = "", **searched: Any) -> Remark:
        options = Options(depths=(2,), arms=arms, contrasts=(arms,), widths={"wide": 256})
        events = list(synthetic.write(tmp_path / f"whole {folder}", options).events())
        for cell in (cell for event in events for cell in event.get("cells", ())):
            if by in cell["name"]:
                cell["settings"] |= {key.replace("__", "."): to for key, to in searched.items()}
        store = Store(tmp_path / folder)
        store.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
        record = read(store)
        assert record is not None
        return verdict(record, contrasts(record, store)[0]).remarks[0]

    asked = first("asked", "wide", "narrow")
    assert not asked.grave and asked.words == (
        "the networks differ as the study asks: wide has width 256, narrow has width 128"
    )
    # beside another subset, or found by a search, it may explain a difference that is not its own
    within = {"choice": [32, 64, 128], "branches": BRANCHES}
    for found in (
        first("subset", "wide", "full"),
        first("found", "wide", "narrow", model__width=RANGE),
        first("found by one", "wide", "narrow", by="narrow", model__width=RANGE),
        first("found in a branch", "wide", "narrow", training__batch_size=within),
    ):
        assert found.grave and found.words.startswith("networks differ: wide has width 256")


def test_few_seeds_say_what_the_design_can_reach(tmp_path: Path) -> None:
    told = sentences(tmp_path / "five", confirm=5)[0]
    assert " points, which 5 seeds are too few to show (95% interval -" in told
    assert "n = 5 paired seeds, sign-flip p = 0.0625 [smallest possible 0.0625])" in told
    assert "too few seeds for the sign-flip test (5; at least 6 are needed for p < 0.05)" in told
    told = sentences(tmp_path / "one", confirm=1)[0]
    assert " points from one seed, which gives no interval and no test" in told
    told = sentences(tmp_path / "six", confirm=6)[0]
    assert " points (95% interval -" in told and "few" not in told
    level: dict[str, object] = {"offsets": {"bn_only": 0.029}, "depths": (1,)}
    told = sentences(tmp_path / "level", confirm=5, **level)[0]
    assert "no difference shown (" in told


def test_a_difference_is_shown_where_interval_and_test_agree(tmp_path: Path) -> None:
    store = synthetic.paired(tmp_path, {2: synthetic.AT_ODDS})
    record = read(store)
    assert record is not None
    one = contrasts(record, store)[0]
    assert one.interval is not None and not one.interval.covers_zero and not one.shown
    told = str(verdict(record, one))
    assert "no difference shown (" in told
    assert "sign-flip p = 0.094, at odds with the interval)" in told


def test_an_unfinished_study_says_what_is_missing(tmp_path: Path) -> None:
    told = sentences(tmp_path / "none", stop_after="search", depths=())[0]
    assert told == (
        "bn_only against full has no verdict yet: bn_only has no confirmed pick and "
        "full has no confirmed pick."
    )
    told = sentences(tmp_path / "part", confirm=7, planned=10)[0]
    assert "7 of 10 planned pairs are in" in told
    told = sentences(tmp_path / "lost", failed_confirm=[("full", 0)])[0]
    assert "1 confirm run of full failed" in told


def test_a_loss_says_that_lower_is_better(tmp_path: Path) -> None:
    told = sentences(tmp_path, metric="loss", depths=())[0]
    assert "test loss (lower is better)" in told
    assert "points" not in told


def test_decimals_follow_the_uncertainty() -> None:
    accuracy, error = Measure("accuracy", True), Measure("mse", False)
    assert accuracy.value(0.93456, accuracy.decimals(0.004)) == "93.5%"
    assert accuracy.value(0.93456, accuracy.decimals(0.0004)) == "93.46%"
    assert error.value(3021.4, error.decimals(35.0)) == "3021"
    assert error.value(0.5137, error.decimals(0.004)) == "0.5137"
    assert accuracy.difference(-0.0001, 1) == "0.0 points"


def test_p_values_and_numbers_are_readable() -> None:
    values = (1.0, 0.25, 0.125, 0.0625, 0.03125, 0.001953125, 3.05e-5)
    told = ("1", "0.25", "0.125", "0.0625", "0.031", "0.002", "0.00003")
    assert tuple(p_value(p) for p in values) == told
    assert [number(v) for v in (0.0954213, 3.0, True, None, [0.7, 0.9], "relu")] == [
        *("0.09542", "3", "true", "none", "0.7, 0.9", "relu")
    ]


def test_a_test_at_odds_with_the_interval_says_so(tmp_path: Path) -> None:
    told = sentences(tmp_path, diverged_confirm=[("bn_only", 3)])[0]
    assert "no difference shown (" in told
    assert "sign-flip p = 0.002, at odds with the interval)" in told
    told = sentences(tmp_path / "many", diverged_confirm=[("bn_only", 3)], confirm=17)[0]
    assert "n = 17 paired seeds" in told
    assert " [sampled], at odds with the interval)" in told
    # of too few seeds for the test to reject, it says nothing beside the interval
    told = sentences(tmp_path / "few", confirm=5)[0]
    assert "at odds" not in told
