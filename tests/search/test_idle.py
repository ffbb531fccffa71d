"""What could stop trials early and never will, for the length of its runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hpstudy.search import pruners
from hpstudy.search.idle import idle
from hpstudy.search.options import PRUNER_OPTIONS
from hpstudy.spec.space import IntRange
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]


def epochs(length: Any) -> dict[str, Any]:
    return {"training.length.epochs": length}


@pytest.mark.parametrize("pruner", sorted(PRUNER_OPTIONS))
def test_a_pruner_is_idle_exactly_where_no_trial_has_a_rung(pruner: str, cell: MakeCell) -> None:
    for length in range(1, 25):
        made = cell(epochs(length), pruner=pruner)
        build = pruners.build(made, True)
        rungs = any(build.rungs(number, length) for number in range(40))
        assert (idle(made) is None) == (rungs or pruner == "none"), length


def test_it_says_what_is_in_the_way_and_what_would_do(cell: MakeCell) -> None:
    assert idle(cell(epochs(5), pruner="asha")) == (
        "pruner",
        "pruner asha stops no trial: its first_epoch is 5 and runs have 5 epochs, which would "
        "have to be 6 and more; lower first_epoch, or leave `pruner` out",
    )
    made = cell(epochs(10), "hyperband", driver="keras_tuner", trials=40)
    key, words = idle(made) or ("", "")
    assert key == "oracle" and "would have to be 15 and more" in words
    assert idle(cell(epochs(15), "hyperband", driver="keras_tuner")) is None


def test_the_longest_run_counts_and_an_unknown_length_does_not(cell: MakeCell) -> None:
    assert idle(cell(epochs(IntRange(2, 9)), pruner="asha")) is None
    assert idle(cell(epochs(IntRange(2, 5)), pruner="asha")) is not None
    assert idle(cell({}, pruner="asha")) is None
