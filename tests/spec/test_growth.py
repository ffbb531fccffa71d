"""Which edits of a study its folder accepts, and which searches then start anew."""

from __future__ import annotations

import json

import pytest

from hpstudy.errors import StudyChanged
from hpstudy.spec import Spec
from hpstudy.spec.growth import cells_as_json, grown
from hpstudy.spec.identity import run_id

LR = "learning_rate: {float: [0.01, 1], log: true}"


def event(spec: Spec, fingerprint: str = "f0") -> dict[str, object]:
    data = {
        "name": spec.data.name,
        "options": dict(spec.data.options),
        "validation": spec.data.validation,
        "test": spec.data.test,
        "split_seed": spec.data.split_seed,
        "fingerprint": fingerprint,
    }
    return {
        "name": spec.name,
        "data": data,
        "score": {"metric": spec.score.metric, "at": spec.score.at},
        "cells": cells_as_json(spec.cells),
        "seed": spec.seed,
        "confirm_seeds": spec.confirm_seeds,
    }


@pytest.fixture
def edit(read, study):
    """Growth from the stored event of the study to its event with some text replaced."""

    def editing(*replaced, before=(), fingerprint="f0"):
        stored = json.loads(json.dumps(event(read(study, *before))))
        return grown(stored, event(read(study, *before, *replaced), fingerprint))

    return editing


@pytest.mark.parametrize(
    "line",
    [
        "search: {trials: 99}",
        "search: {choose: {top: 9, seeds: 9}}",
        "confirm: {seeds: 99}",
        "contrasts: []",
    ],
)
def test_more_of_the_same_is_growth(edit, line):
    growth = edit(("arms:", f"{line}\narms:"))
    assert not growth.restarted and not growth.added and not growth.removed


def test_arms_and_sweep_points_are_growth(edit):
    growth = edit(("arms:", "arms:\n  none: {train: none}"))
    assert growth.added == ("none",) and not growth.restarted
    growth = edit(("[1, 3]", "[1, 3, 5]"), before=[("depth: 2", "depth: {sweep: [1, 3]}")])
    assert growth.added == ("full depth=5", "norm depth=5")
    growth = edit(("[1, 3]", "[3]"), before=[("depth: 2", "depth: {sweep: [1, 3]}")])
    assert growth.removed == ("full depth=1", "norm depth=1")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (LR, LR.replace("1]", "2]"), "range of training.learning_rate changed: 0.01 to 1 (log) ->"),
        (LR, LR.replace(", log: true", ""), "0.01 to 1 (log) -> 0.01 to 1"),
        (LR, "learning_rate: {choice: [0.1, 1]}", "-> 0.1 or 1"),
        (LR, "learning_rate: 0.5", "0.01 to 1 (log) -> 0.5"),
        ("depth: 2", "depth: {int: [2, 4], step: 2}", "model.depth changed: 2 -> 2 to 4 (step 2)"),
        ("arms:", "search: {sampler: random}\narms:", "sampler changed: tpe -> random"),
        ("arms:", "search: {pruner: asha}\narms:", "pruner changed: none -> asha"),
        ("arms:", "search: {parallel: 2}\narms:", "window (search.parallel) changed: 4 -> 2"),
        ("arms:", "search: {seed: 2}\narms:", "search seed changed: 0 -> 2"),
    ],
)
def test_a_changed_search_starts_anew(edit, old, new, reason):
    growth = edit((old, new))
    assert set(growth.restarted) == {"full", "norm"}
    assert reason in growth.restarted["full"]


def test_a_changed_branch_starts_anew(edit):
    choice = "optimizer: {choice: {sgd: {momentum: 0.5}, adam: }}"
    before = [(LR, f"{LR}\n  {choice}")]
    growth = edit(("momentum: 0.5", "momentum: 0.6"), before=before)
    assert (
        "sgd (training.momentum 0.5) or adam -> sgd (training.momentum 0.6) or adam"
        in (growth.restarted["norm"])
    )


def test_a_task_that_is_written_out_is_no_change(edit, tmp_path):
    (tmp_path / "own.csv").touch()
    before = [("name: toy", "name: file, path: own.csv, target: a")]
    written = ("target: a", "target: a, task: regression")
    growth = edit(written, before=before)
    assert not growth.restarted and not growth.added and not growth.removed
    with pytest.raises(StudyChanged, match=r"data\.options: .* -> .*, task regression"):
        edit(written, before=before, fingerprint="f1")


def test_one_arms_range_starts_that_arm_anew(edit):
    arm = "train: batchnorm, training: {learning_rate: {float: [1, 2]}}"
    assert set(edit(("train: batchnorm", arm)).restarted) == {"norm"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("validation: 0.2", "validation: 0.3", "data.validation: 0.2 -> 0.3"),
        ("test: 0.2", "split_seed: 4", "data.split_seed: 0 -> 4"),
        ("test: 0.2", "scale: none", "data.options: nothing -> scale none"),
        ("name: toy", "name: numbers", "score.metric: accuracy -> r2"),
        ("arms:", "score: {at: epoch 3}\narms:", "score.at: last -> 3"),
        ("arms:", "seed: 3\narms:", "seed: 0 -> 3"),
        ("depth: 2", "depth: 3", "model.depth: 2 -> 3"),
        ("train: batchnorm", "train: gamma", "subset.train: batchnorm -> gamma (in norm)"),
        ("epochs: 10", "steps: 9", "training.length.epochs: 10 -> nothing"),
    ],
)
def test_what_results_stand_on_cannot_change(edit, old, new, said):
    with pytest.raises(StudyChanged) as caught:
        edit((old, new))
    assert f"  {said}" in str(caught.value).splitlines()
    assert "--fresh" in str(caught.value)


FEWER = [
    ("search: {trials: 9}", "search: {trials: 8}", "trials: 9 -> 8, fewer than it has"),
    (
        "search: {choose: {seeds: 3}}",
        "search: {choose: {seeds: 2}}",
        "search.choose.seeds: 3 -> 2, fewer than it has",
    ),
    (
        "search: {trials: 9}",
        "search: {trials: 9, budget: {epochs: 50}}",
        "search.budget.epochs: no limit -> 50, less than was allowed",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), FEWER)
def test_a_search_can_have_less_only_where_it_starts_anew(edit, old, new, said):
    before = [("arms:", f"{old}\narms:")]
    with pytest.raises(StudyChanged) as caught:
        edit((old, new), before=before)
    assert said in str(caught.value)
    assert "fewer trials or seeds of choose, or a smaller budget, only where" in str(caught.value)
    growth = edit((old, new), (LR, LR.replace("1]", "2]")), before=before)
    assert set(growth.restarted) == {"full", "norm"}
    # the other arm's search goes on, and is held to what it was begun with
    own = "train: batchnorm, training: {learning_rate: {float: [1, 2]}}"
    with pytest.raises(StudyChanged) as caught:
        edit((old, new), ("train: batchnorm", own), before=before)
    assert f"{said} (in full)" in str(caught.value)
    # what everything is confirmed by stays, whatever is searched anew
    confirmed = [("arms:", "confirm: {seeds: 9}\narms:")]
    with pytest.raises(StudyChanged, match="confirm.seeds: 9 -> 8"):
        edit(("seeds: 9", "seeds: 8"), (LR, LR.replace("1]", "2]")), before=confirmed)


def test_every_refused_key_is_named(edit):
    with pytest.raises(StudyChanged) as caught:
        edit(("depth: 2", "depth: 3, width: 8"), ("test: 0.2", "test: 0.1"))
    for said in ("model.depth: 2 -> 3", "model.width: 16 -> 8", "data.test: 0.2 -> 0.1"):
        assert said in str(caught.value)


def test_a_refusal_is_told_in_short_lines(edit):
    swept = ("depth: 2", "depth: {sweep: [1, 2, 3, 4, 5, 6, 7, 8, 9]}")
    norm, gamma = "norm: {train: batchnorm", "norm: {train: batchnorm, training: {batch_size: 3}"
    with pytest.raises(StudyChanged) as caught:
        edit((norm, gamma), ("test: 0.2", "test: 0.1"), before=[swept])
    told = str(caught.value).splitlines()
    assert max(map(len, told)) <= 100, told
    assert told[1:3] == [
        "  data.test: 0.2 -> 0.1",
        "  training.batch_size: 128 -> 3 (in norm depth=1, norm depth=2, norm depth=3 and 6 more)",
    ]


def test_changed_content_of_the_data_is_refused(edit):
    with pytest.raises(StudyChanged, match="content changed, fingerprint f0 -> f1"):
        edit(fingerprint="f1")


def test_run_ids_leave_defaults_out():
    seeds = {"mask": 1, "order": 2}
    defaults = {"a": 1.0, "b": (0.7, 0.9), "c": "ones"}
    name = run_id({"lr": 0.1}, {}, seeds, "f")
    assert len(name) == 16 and int(name, 16) >= 0
    assert run_id({"b": (0.7, 0.9), "a": 1, "lr": 0.1, "c": "ones"}, defaults, seeds, "f") == name
    others = [
        run_id({"lr": 0.1, "a": 2.0}, defaults, seeds, "f"),
        run_id({"lr": 0.1, "c": True}, {"c": 1}, seeds, "f"),
        run_id({"lr": 0.2}, {}, seeds, "f"),
        run_id({"lr": 0.1}, {}, {**seeds, "mask": 3}, "f"),
        run_id({"lr": 0.1}, {}, seeds, "g"),
    ]
    assert len({name, *others}) == 6
    with pytest.raises(ValueError, match="JSON"):
        run_id({"lr": float("nan")}, {}, seeds, "f")


def test_run_ids_never_change():
    config = {"model.type": "mlp", "training.learning_rate": 0.1}
    assert run_id(config, {}, {"mask": 1}, "abc") == "d551ae07062e18a8"


def test_equal_configurations_of_two_cells_are_one_run(read, study):
    from hpstudy.spec import resolve

    spec = read(study, (LR, "learning_rate: 0.1"), ("depth: 2", "depth: {sweep: [2, 3]}"))
    plain = read(study, (LR, "learning_rate: 0.1"))

    def name(cell):
        config = resolve(cell.settings, cell.conditions, lambda key, asked: None).config
        return run_id(config, cell.defaults, {"mask": 1}, "f")

    assert name(spec.cells[0]) == name(plain.cells[0])
    assert name(spec.cells[0]) != name(spec.cells[1])
