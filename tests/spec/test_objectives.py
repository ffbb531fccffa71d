"""Several objectives in the study file: what is read, and what is refused where."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hpstudy.spec.growth import cells_as_json, grown
from hpstudy.spec.objectives import COSTS, costs

SEARCHED = ("depth: 2", "depth: {int: [1, 4]}")
WANTED = ("arms:", "search: {objectives: [score, trained]}\narms:")


def test_costs_are_read_after_the_score(read, study):
    for cell in read(study, SEARCHED, WANTED).cells:
        assert cell.search.objectives == ("score", "trained")
        assert cell.search.costs == ("trained",)
        # as many of the front as are trained again are confirmed
        assert cell.search.to_confirm == 4
    alone = read(study, ("arms:", "search: {objectives: [score]}\narms:"))
    for cell in (*alone.cells, *read(study).cells):
        assert cell.search.objectives is None
        assert cell.search.costs == ()
        assert cell.search.to_confirm == 1


def test_an_arm_may_have_its_own(read, study):
    norm = "norm: {train: batchnorm, search: {objectives: [score, parameters]}}"
    full, other = read(study, SEARCHED, WANTED, ("norm: {train: batchnorm}", norm)).cells
    assert full.search.costs == ("trained",)
    assert other.search.costs == ("parameters",)


def test_costs_come_from_what_a_run_records():
    run = {"counts": {"trained": 3, "frozen": 4, "total": 7}, "epochs": 20}
    assert costs(COSTS, run) == {"trained": 3, "parameters": 7, "epochs": 20}
    assert costs(["trained", "epochs"], {"counts": {}, "epochs": 5}) == {"epochs": 5}


@pytest.mark.parametrize(
    ("search", "spot", "words"),
    [
        ("objectives: trained", "trained}", "a list of the score and its costs, such as [score"),
        ("objectives: [score, trianed]", "trianed", "did you mean `trained`? allowed: score, tr"),
        ("objectives: [score, {a: 1}]", "{a", "unknown objective: `a mapping of a`"),
        ("objectives: [trained, score]", "[tr", "starts with the score, as in [score, trained]"),
        ("objectives: [score, epochs, epochs]", "epochs]", "lists epochs twice; keep one"),
        (
            "objectives: [score, trained], pruner: asha",
            "asha",
            "has 2 objectives, and a pruner compares one; saw pruner asha; allowed: none",
        ),
        (
            "objectives: [score, trained], choose: {top: 2, pruner: wilcoxon}",
            "wilcoxon",
            "has 2 objectives, and a pruner compares one; saw choose.pruner wilcoxon; allowed: no",
        ),
        (
            "objectives: [score, trained], sampler: grid",
            "grid",
            "which sampler grid of driver optuna cannot look for; allowed: driver optuna with "
            "sampler random, tpe",
        ),
        (
            "objectives: [score, trained], driver: tuner",
            "tuner",
            "which oracle random of driver tuner cannot look for; allowed: driver optuna with",
        ),
    ],
)
def test_what_cannot_be_looked_for_is_told_in_its_place(problems, study, search, spot, words):
    line = f"search: {{{search}}}"
    # a grid would want a step for it
    rate = ("{float: [0.01, 1], log: true}", "0.1")
    (told,) = problems(study, SEARCHED, rate, ("arms:", f"{line}\narms:"))
    column = line.index(spot) + 1
    assert told.startswith(f"8:{column}: ")
    assert words in told


@pytest.mark.parametrize(
    ("cost", "change", "words"),
    [
        ("trained", SEARCHED, "give model or subset a range, or leave trained out"),
        ("parameters", SEARCHED, "changes the parameters in all; give model a range, or leave"),
        (
            "epochs",
            ("{epochs: 10}", "{epochs: {int: [2, 10]}}"),
            "changes the epochs of training; give training.length or training.early_stopping a r",
        ),
    ],
)
def test_a_cost_that_nothing_changes_is_told(read, problems, study, cost, change, words):
    wanted = ("arms:", f"search: {{objectives: [score, {cost}]}}\narms:")
    (told,) = problems(study, wanted)
    assert told.startswith("8:22: ")
    assert words in told
    assert read(study, change, wanted).cells


@pytest.mark.parametrize(
    "length",
    [
        "length: {epochs: 10}\n  early_stopping: {monitor: loss, patience: 2}",
        "length: {steps: 600}\n  batch_size: {choice: [32, 64]}",
    ],
)
def test_epochs_also_differ_where_runs_stop_or_batches_grow(read, study, length):
    wanted = ("arms:", "search: {objectives: [score, epochs]}\narms:")
    assert read(study, ("length: {epochs: 10}", length), wanted).cells


def test_new_objectives_start_a_search_anew_and_none_do_not(read, study):
    def event(*replaced: Any, before: bool = False) -> dict[str, Any]:
        loaded = read(study, SEARCHED, *replaced)
        head = {"name": "tiny", "data": {"fingerprint": "f"}, "score": {}, "seed": 0}
        cells = cells_as_json(loaded.cells)
        for cell in cells if before else ():
            # a study of before there were objectives
            del cell["search"]["objectives"]
        return json.loads(json.dumps({**head, "confirm_seeds": 1, "cells": cells}))

    assert not grown(event(before=True), event()).restarted
    assert grown(event(before=True), event(WANTED)).restarted == dict.fromkeys(
        ("full", "norm"), "objectives changed: nothing -> [score, trained]"
    )
