"""The arithmetic under the tables: extrapolation, ratios, accuracies, where the time went."""

from __future__ import annotations

import pytest

from hpstudy.bench import laps
from hpstudy.bench.laps import Lap
from hpstudy.bench.memory import slope
from hpstudy.bench.peers import PEERS
from hpstudy.bench.standing import peers_table, time_table
from hpstudy.bench.studies import STUDIES
from hpstudy.bench.table import Table, lines

RUNS = [
    {"seconds": {"total": 3.0, "compile": 1.0}, "compilations": 2, "loads": 0},
    {"seconds": {"total": 2.0, "compile": 1.0}, "compilations": 1, "loads": 0},
]
PARTS = {"workers": 2, "started": 1.5, "first_ended": 5.0, "last_ended": 5.5, "runs": RUNS}


def lap(repeat: int, peer: str, wall: float, trials: int = 40, **more: object) -> Lap:
    return Lap(repeat, peer, trials, wall, **{"accuracies": (0.5,) * trials, **more})  # type: ignore[arg-type]


def test_missing_trials_are_extrapolated_from_the_rest_after_the_start() -> None:
    short = lap(0, "optuna-jax", 10.0, trials=4, began=2.0)
    assert short.seconds(4) == 10.0
    assert short.seconds(40) == 2.0 + 40 * 2.0


def test_a_ratio_is_the_median_of_those_within_one_repeat() -> None:
    found = [
        *(lap(i, "keras_tuner-jax", wall) for i, wall in enumerate((10.0, 40.0, 9.0))),
        *(lap(i, "hpstudy-cold", wall) for i, wall in enumerate((1.0, 10.0, 3.0))),
    ]
    # 10, 4 and 3; the ratio of the medians would be 10 / 3
    assert laps.ratio(found, "keras_tuner-jax", "hpstudy-cold", 40) == 4.0
    assert laps.ratio(found, "keras_tuner-jax", "hpstudy-warm", 40) is None


def test_a_repeat_that_failed_counts_for_nobody() -> None:
    found = [
        lap(0, "keras_tuner-jax", 10.0),
        lap(1, "keras_tuner-jax", 99.0, failure="exit status 1"),
        lap(0, "hpstudy-cold", 2.0),
        lap(1, "hpstudy-cold", 1.0),
    ]
    assert laps.ratio(found, "keras_tuner-jax", "hpstudy-cold", 40) == 5.0


def test_accuracies_are_compared_on_the_trials_that_all_have() -> None:
    found = [
        lap(0, "optuna-jax", 1.0, 3, accuracies=(0.5, 0.7, 0.9)),
        lap(0, "hpstudy-cold", 1.0, 4, accuracies=(0.5, None, 0.7, 0.99)),
    ]
    numbers = laps.shared(found)
    assert numbers == [0, 2]
    assert laps.mean(found, "optuna-jax", numbers) == pytest.approx(0.7)
    assert laps.mean(found, "hpstudy-cold", numbers) == pytest.approx(0.6)
    assert laps.best(found, "hpstudy-cold") == 0.99


def test_the_breakdown_adds_up_to_the_wall_time() -> None:
    own = lap(0, "hpstudy-cold", 7.0, 2, began=2.5, parts=PARTS)
    found = laps.breakdown(own)
    assert sum(found.values()) == pytest.approx(7.0)
    assert found["compile or load"] == 1.0
    assert found["train"] == 1.5
    assert found["start workers"] == 1.0


def test_the_table_marks_what_is_extrapolated_and_tells_why_a_peer_failed() -> None:
    found = [
        lap(0, "keras_tuner-jax", 1.0, failure="exit status 1\nno tensorboard"),
        lap(0, "optuna-jax", 10.0, 4, began=2.0),
        lap(0, "hpstudy-cold", 8.2, parts=PARTS),
    ]
    peers = [PEERS[name] for name in ("keras_tuner-jax", "optuna-jax", "hpstudy-cold")]
    text = "\n".join(lines(peers_table(STUDIES["small"], peers, found, ["a note"])))
    row = next(line for line in text.splitlines() if line.startswith("optuna-jax"))
    assert row.split() == ["optuna-jax", "4", "82.0*", "2.05", "10.00*", "50.00", "50.00"]
    assert "keras_tuner-jax  failed" in text
    assert "no tensorboard" in text
    assert "* extrapolated to 40 trials" in text
    assert "a note" in text


def test_without_hpstudy_there_is_no_table_of_its_time() -> None:
    assert time_table(STUDIES["small"], [lap(0, "optuna-jax", 1.0)]) is None


def test_columns_are_aligned() -> None:
    text = lines(Table("t", ("name", "s"), (("a", "1.5"), ("longer", "10.25"))))
    assert text[2:] == ["name        s", "------  -----", "a         1.5", "longer  10.25"]


def test_a_slope_is_the_growth_of_one_step() -> None:
    assert slope([1.0, 3.0, 5.0]) == 2.0
    assert slope([4.0]) == 0.0
