"""Settings that other choices rule out: told where nothing that a file describes uses them."""

from __future__ import annotations

import pytest

LR = "learning_rate: {float: [0.01, 1], log: true}"
NORM = "norm: {train: batchnorm}"
NET = "depth: 2"
ADAM = (LR, "optimizer: adam\n  momentum: 0.9")


@pytest.mark.parametrize(
    ("old", "new", "spot", "words"),
    [
        (*ADAM, "0.9", "training.optimizer is adam, and it exists where that is sgd; leave it out"),
        (LR, "momentum: {float: [0, 0.9]}\n  optimizer: adam", "{float: [0,", "that is sgd; leave"),
        (LR, "optimizer: {choice: [adam, adamw]}\n  momentum: 0.5", "0.5", "adam or adamw, and"),
        (LR, "optimizer: {sweep: [adam, adamw]}\n  momentum: 0.5", "0.5", "adam or adamw, and"),
        (LR, "schedule: {choice: {step: {beta_1: .5}}}", "{choice", "beta_1 is given and never"),
        (NET, "normalisation: none, gamma_initializer: 7", "7}", "where that is batch; leave"),
        (NORM, "norm: {train: all, training: {beta_2: 0.5}}", "0.5", "optimizer is sgd, and"),
        (NORM, "norm: {train: {sweep: [gamma, all]}, per_unit: 7}", "7}", "in train (`gamma`,"),
    ],
)
def test_a_setting_that_others_rule_out(problems, study, old, new, spot, words):
    told = problems(study, (old, new))
    before = study.replace(old, new).partition(spot)[0]
    where = f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    assert len(told) == 1 and told[0].startswith(where) and words in told[0], (where, told)


def test_gamma_that_every_arm_has_at_one(problems, read, study):
    uniform, frozen = (NET, "gamma_initializer: uniform"), ("train: all", "train: output")
    (told,) = problems(study, uniform, frozen, (NORM, "norm: {train: beta}"))
    assert told.startswith(
        "4:39: model.gamma_initializer is given and never used: arms that freeze"
    )
    read(study, uniform, frozen)


def test_a_setting_that_something_uses_is_right(read, study, problems):
    for optimizer in ("{choice: [sgd, adam]}", "{choice: {adam: , sgd: }}", "{sweep: [sgd, adam]}"):
        read(study, (LR, f"optimizer: {optimizer}\n  momentum: 0.9"))
    one_arm = (NORM, "norm: {train: all, training: {optimizer: adam}}")
    read(study, (LR, "momentum: 0.9"), one_arm)
    # a variant or an edit cannot take a line of the file away
    variant = ("arms:", "variants: {a: {training: {optimizer: adam}}}\narms:")
    for more in ({"variant": "a"}, {"edits": ["training.optimizer=adam"]}):
        read(study, (LR, "momentum: 0.9"), variant, **more)
    read(study, ADAM, ("arms:", "variants: {a: {training: {optimizer: sgd}}}\narms:"))


def test_a_setting_that_a_variant_or_an_edit_gives_for_nothing(problems, study):
    line = "variants: {a: {training: {optimizer: adam, momentum: 0.5}}}\narms:"
    (told,) = problems(study, ("arms:", line))
    assert told.startswith("8:54: training.momentum is given and never used")
    (told,) = problems(study, edits=["training.beta_1=0.5"])
    assert told.startswith("--set training.beta_1=0.5: training.beta_1 is given and never used")
    # what is misread may be what would use it
    (told,) = problems(study, (LR, "optimizer: adma\n  beta_1: 0.5"))
    assert "did you mean `adam`?" in told
