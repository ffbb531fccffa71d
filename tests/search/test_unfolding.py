"""Grids and sequences over spaces that are known only by running them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpstudy.errors import HpstudyError
from hpstudy.search.driver import Driver, Outcome, Waits
from hpstudy.search.drivers import DRIVERS
from hpstudy.search.unfolding import in_order
from hpstudy.spec.space import Choice, FloatRange, IntRange, Range
from hpstudy.spec.study import Cell

MakeCell = Callable[..., Cell]
FOREIGN: dict[str, Any] = {"model.type": "own:Model", "training.length.epochs": 40}
# a hypermodel: what it asks for, from the answers so far
Model = Callable[[dict[str, Any]], tuple[str, Range] | None]


def loop(found: dict[str, Any]) -> tuple[str, Range] | None:
    """Layers in a loop, with a width for each, and a rate that only some optimizers have."""
    if "layers" not in found:
        return "layers", IntRange(1, 3)
    for number in range(found["layers"]):
        if f"units_{number}" not in found:
            return f"units_{number}", IntRange(8, 16, step=8)
    if "optimizer" not in found:
        return "optimizer", Choice(("sgd", "adam", True))
    if found["optimizer"] == "sgd" and "momentum" not in found:
        return "momentum", FloatRange(0.0, 0.9)
    return None


LOOP = 2 * 5 + 4 * 5 + 8 * 5  # widths, times three momenta and two others


def trials(driver: Driver, model: Model, most: int = 1000) -> Iterator[dict[str, Any]]:
    """What a window of two is answered, one trial after the other."""
    number, told = 0, 0
    while number < most:
        try:
            ask = driver.begin(number)
        except Waits:
            if told == number:
                return
            driver.tell(told, Outcome("failed"))
            told += 1
            continue
        found: dict[str, Any] = {}
        while (asked := model(found)) is not None:
            found[asked[0]] = ask(*asked)
        yield found
        number += 1


def build(cell: MakeCell, driver: str, sampler: str, **given: Any) -> Driver:
    module, function = DRIVERS[driver].build.split(":")
    made = cell(FOREIGN, sampler, driver=driver, **given)
    driven: Driver = getattr(__import__(module, fromlist=[function]), function)(made, True)
    return driven


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_combination_is_tried_once(driver: str, cell: MakeCell) -> None:
    found = list(trials(build(cell, driver, "grid", sampler_options={"points": 3}), loop))
    assert len(found) == LOOP == len({str(sorted(one.items())) for one in found})
    assert all(loop(one) is None for one in found)
    assert {one["momentum"] for one in found if "momentum" in one} == {0.0, 0.45, 0.9}


def test_an_oracles_grid_goes_in_order_and_a_samplers_by_its_seed(cell: MakeCell) -> None:
    given = {"sampler_options": {"points": 3}}
    oracle = list(trials(build(cell, "keras_tuner", "grid", **given), loop))
    assert [one["layers"] for one in oracle] == [1] * 10 + [2] * 20 + [3] * 40
    assert [one.get("momentum") for one in oracle[:6]] == [0.0, 0.45, 0.9, None, None, 0.0]
    first, again, other = (
        list(trials(build(cell, "optuna", "grid", seed=seed, **given), loop)) for seed in (1, 1, 2)
    )
    assert first == again != other
    # a search of few trials covers the space
    assert {one["layers"] for one in first[:9]} == {1, 2, 3}


@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4), lost=st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_a_trial_that_ends_early_takes_nothing_from_the_others(sizes: list[int], lost: int) -> None:
    def model(found: dict[str, Any]) -> tuple[str, Range] | None:
        # how much is asked for depends on the answers
        if len(found) == len(sizes) or sum(found.values()) > 3:
            return None
        return f"p{len(found)}", IntRange(0, sizes[len(found)] - 1)

    every, seen = list(trials(in_order(5), model)), list[dict[str, Any]]()
    assert len(every) == len({str(one) for one in every})

    def breaks(found: dict[str, Any]) -> tuple[str, Range] | None:
        return None if len(seen) == lost else model(found)

    for one in trials(in_order(5), breaks):
        seen.append(one)
    assert [one for number, one in enumerate(seen) if number != lost] == every


def test_questions_that_do_not_follow_from_the_answers_are_told() -> None:
    driver = in_order(5)
    driver.begin(0)("units", IntRange(1, 2))
    with pytest.raises(HpstudyError, match="layers .* is asked for where units .* was before"):
        driver.begin(1)("layers", IntRange(1, 2))


@pytest.mark.parametrize(("sequence", "sixteenths"), [("sobol", 16), ("halton", 13)])
def test_a_sequence_goes_through_a_space_that_grows(
    sequence: str, sixteenths: int, cell: MakeCell
) -> None:
    def grows(found: dict[str, Any]) -> tuple[str, Range] | None:
        # a parameter that only some trials meet comes before the last one
        asked: dict[str, Range] = {"kind": Choice((True, False)), "share": FloatRange(0.0, 1.0)}
        if found.get("kind"):
            asked = {"kind": asked["kind"], "units": IntRange(1, 8), "share": asked["share"]}
        return next(((name, one) for name, one in asked.items() if name not in found), None)

    def played() -> list[dict[str, Any]]:
        made = build(cell, "optuna", "qmc", sampler_options={"sequence": sequence})
        return list(trials(made, grows, 16))

    found = played()
    assert found == played()
    # sixteen draws lie in ten of them
    assert len({int(one["share"] * 16) for one in found}) >= sixteenths
    assert sum(one["kind"] for one in found) == 8
    assert len({one["units"] for one in found if one["kind"]}) >= 5
