"""A search in words."""

from __future__ import annotations

from typing import Any

import pytest

from hpstudy.analysis import searches

PLAIN: dict[str, Any] = {
    "driver": "optuna",
    "sampler": "tpe",
    "pruner": "none",
    "trials": 16,
    "choose_top": 4,
    "choose_seeds": 3,
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "16 trials by the tpe sampler, none pruned"),
        ({"pruner": "asha", "trials": 1}, "1 trial by the tpe sampler, pruned by asha"),
        (
            {"driver": "keras_tuner", "sampler": "hyperband"},
            "16 trials by Keras Tuner's hyperband oracle",
        ),
        (
            {"trials": 1000, "budget_epochs": 4000},
            "as many trials as 4,000 epochs hold, by the tpe sampler, none pruned",
        ),
        (
            {"budget_minutes": 30.0},
            "at most 16 trials, as many as 30 minutes of training hold, by the tpe sampler, "
            "none pruned",
        ),
    ],
)
def test_how_a_cell_is_searched(changes: dict[str, Any], words: str) -> None:
    assert searches.how({**PLAIN, **changes}) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "the best 4 trained again on 3 fresh seeds"),
        ({"choose_seeds": 1}, "the best 4 trained again on 1 fresh seed"),
        ({"trials": 2}, "the best 2 trained again on 3 fresh seeds"),
        ({"choose_top": 1}, "the best one picked as it is"),
        ({"trials": 1}, "the best one picked as it is"),
        (
            {"choose_pruner": "wilcoxon"},
            "the best 4 trained again on 3 fresh seeds, stopped early by wilcoxon",
        ),
    ],
)
def test_what_is_trained_again(changes: dict[str, Any], words: str) -> None:
    assert searches.chosen({**PLAIN, **changes}) == words
