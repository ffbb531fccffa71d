"""Slips of the pen and habits from elsewhere: each is told in one line that says what to write."""

from __future__ import annotations

import pytest

from hpstudy.errors import SpecError
from hpstudy.spec import Registries, load

RATE = "{float: [0.01, 1], log: true}"
LR = f"learning_rate: {RATE}"
NET = "depth: 2"
WIDTH = "depth: 2, width: "
TRAIN = "train: batchnorm"
DATA = "{name: toy, validation: 0.2, test: 0.2}"
ARMS = "arms:\n  full: {train: all}\n  norm: {train: batchnorm}"

NUMBERS = {
    "'1e-3'": "take the quotes off: 1e-3",
    "'.5'": "take the quotes off: .5",
    "20%": "write 0.2",
    "2.5 %": "write 0.025",
    "0,01": "write 0.01",
    "0,001": "write 0.001",
    "1,500": "write 1500, or 1.500",
    "1 000": "write 1000",
    "10^-3": "write 1e-3",
    "10**-3": "write 1e-3",
    "1/100": "write 0.01",
    "1/3": "write 0.333333",
    "2k": "write 2000",
    "1.5M": "write 1500000",
    "0.1# high": "a comment needs a space before its #",
}


@pytest.mark.parametrize(("seen", "hint"), NUMBERS.items())
def test_numbers_as_they_are_written_elsewhere(problems, study, seen, hint):
    (told,) = problems(study, (RATE, seen))
    assert told.startswith("7:18: training.learning_rate is ") and told.endswith(f"; {hint}")
    # what it says to write is right
    if hint.startswith("write "):
        for one in hint.removeprefix("write ").split(", or "):
            assert float(one)


@pytest.mark.parametrize(
    "seen", ["zero", "1/0", "1e", "0x10", "1,2,3", "10^x", "1e999%", "1e-3..1"]
)
def test_words_that_are_no_numbers_get_no_hint(problems, study, seen):
    (told,) = problems(study, (RATE, seen))
    assert told.endswith("; it takes a number above 0")


@pytest.mark.parametrize(
    ("old", "new", "where", "words"),
    [
        (NET, "depth: {min: 1, max: 4}", "4:27", "a range or a sweep is written {int: [low, high]"),
        (
            RATE,
            "{uniform: [0, 1]}",
            "7:18",
            "is written {float: [low, high], log: true}, {cho",
        ),
        (NET, "depth: {int: [1, 3], log: true, step: 2}", "4:33", "`log` and `step` exclude each"),
        (
            LR,
            "optimizer: {adam: {beta_1: 0.8}}",
            "7:14",
            "write `adam`, and its settings beside",
        ),
        (
            LR,
            "optimizer: {kind: adam}",
            "7:14",
            "it takes one of sgd, adam, adamw; a range o",
        ),
        (LR, "early_stopping: true", "7:19", "is `true`; it is written {monitor: loss, pati"),
        (LR, "augment: off", "7:12", "is `off`; it is written {flip: true, crop: 4}, or none"),
        (LR, "loss: sparse_categorical_crossentropy", "7:9", "did you mean `cross_entropy`?"),
        (LR, "schedule: {step: [5]}", "7:21", ", fractions of the length at which the rate drops"),
        (NET, "normalisation: null", "4:35", "write the word `none` for that"),
        (TRAIN, "train: [batchnorm, output]", "10:17", "; write batchnorm+output; it takes words"),
        (TRAIN, "train: 'gamma, beta'", "10:17", "join words by +: gamma+beta"),
        (TRAIN, "train: gamma and beta", "10:17", "join words by +: gamma+beta"),
        (TRAIN, "train: bn", "10:17", "did you mean `batchnorm`? allowed: all, none"),
        (TRAIN, "train: random(0.1)", "10:17", "write {train: random, fraction: 0.1}"),
        (
            TRAIN,
            "train: random, match: batchnorm+output",
            "10:32",
            "; write `train: random+output, match: batchnorm`, which trains as many; allowed: batc",
        ),
        (TRAIN, "train: random 2", "10:17", "write {train: random, per_unit: 2}"),
        (f"{{{TRAIN}}}", "batchnorm", "10:3", "arm norm is `batchnorm`; it needs `train`, as in"),
        (TRAIN, f"{TRAIN}, sweep: {{depth: [1]}}", "10:28", "write `model: {width: {sweep: [64"),
        (DATA, "toy", "3:7", "; write {name: toy}"),
        (DATA, "{path: x.npz}", "3:7", "; write {name: file, path: x.npz, test: 0.2}"),
        (DATA, "{file: x.csv}", "3:7", "; write {name: file, path: x.csv, target: its_column, te"),
        ("{type: net, depth: 2}", "net", "4:8", "; write {type: net}"),
        (ARMS, "arms: [{name: full, train: all}]", "8:7", "names with their arms, such as {full: "),
        ("arms:", "contrasts: [norm, full]\narms:", "8:12", "write [[norm, full]]"),
        ("arms:", "score: accuracy\narms:", "8:8", "such as {metric: accuracy, at: last}; saw"),
        ("arms:", "score: {metric: acc}\narms:", "8:17", "did you mean `accuracy`?"),
        ("arms:", "score: {at: best}\narms:", "8:13", "did you mean `best_validation`?"),
        ("arms:", "search: {sampler: TPESampler}\narms:", "8:19", "did you mean `tpe`?"),
        ("arms:", "confirm: {seeds: [1, 2]}\narms:", "8:18", "it takes a whole number of at lea"),
        ("arms:", "sweep: [{depth: 1}]\narms:", "8:10", "did you mean `model.depth`? allowed: mo"),
        ("validation: 0.2, test: 0.2", "validation: 0.5, test: 0.5", "3:42", "nothing is left"),
        (LR, "schedule: [0.5]", "7:13", "it is written {step: [0.7, 0.9], factor: 0.1}, or one of"),
        ("type: net", "type: 'own:Net'", "4:15", 'write {hypermodel: "own:Net"}'),
        (
            NET,
            "stages: 14, units: 8",
            "4:32",
            "unknown key in model: `units`; write `model: {width",
        ),
        ("arms:", "sweep: [{model: {depth: 1}}]\narms:", "8:10", "here, as in {model.depth: ...}"),
        ("arms:", "confirm:\n  <<: {seeds: 3}\narms:", "9:3", "`<<` is not read here; write its"),
        # texts that are no YAML
        ("  length", "\tlength", "6:1", "a tab; indent with spaces, not with tabs"),
        ("  length", "   length", "7:3", "indented otherwise than the lines around it"),
        ("  learning", " learning", "7:2", "indented otherwise than the lines around it"),
        (
            "  length: {epochs: 10}",
            "  length:{epochs: 10}",
            "6:3",
            "write a space after the colon; allowed: ",
        ),
        ("  length: {epochs: 10}", "  length 10", "7:16", "this line or the one above lacks"),
        ("test: 0.2}", "test: 0.2", "3:7", "the `{` here is not closed; add `}`"),
        ("test: 0.2}", "test: 0.2}}", "3:46", "a `}` that closes nothing"),
        ("name: tiny", "name: 'tiny", "2:7", "the quote here is not closed"),
        ("name: tiny", "name: @tiny", "2:7", "no word starts with this character; quote the w"),
        ("name: tiny", "name: *tiny", "2:7", "the name after `*` is not defined"),
        ("depth: 2}", "depth: 2}\n---\na: 1", "5:1", "a second document; a study file holds one"),
        (
            "  length: {",
            "  length:\u00a0{",
            "6:3",
            "type a plain space for its no-break",
        ),
    ],
)
def test_a_slip_is_told_in_a_line(problems, study, old, new, where, words):
    told = problems(study, (old, new))
    assert any(line.startswith(where) and words in line for line in told), told
    assert len(told) == 1 and len(told[0]) < 300 and "\n" not in told[0], told


def test_a_key_of_another_model_is_not_offered(problems, study):
    told = problems(study, (NET, "gamma: 2, hidden_size: 3, normalisation: none"))
    assert "write `model: {width: 128}`" in told[1] and "write `training: {" in told[0]
    (other,) = problems(study, (NET, "kernel_init: ones"))
    assert "write" not in other and "allowed: type, depth" in other


def test_edits_of_variants_and_study_files_beside(problems, study, tmp_path):
    variants = ("arms:", "variants: {quick: {seed: 2}}\narms:")
    (told,) = problems(study, variants, edits=["variants.quick.seed=3"])
    assert told.startswith("--set variants.quick.seed=3: an edit comes after the variants; set ")
    nothing = Registries({}, {}, {}, {})
    for seen in ("tiny", "tniy.yaml", "tiny.yml"):
        with pytest.raises(SpecError, match=r"no such file; did you mean \S*tiny\.yaml\?"):
            load(tmp_path / seen, nothing)
    (tmp_path / "studies").mkdir()
    (tmp_path / "tiny.yaml").rename(tmp_path / "studies" / "tiny.yaml")
    with pytest.raises(SpecError, match=r"did you mean \S*studies/tiny\.yaml\?"):
        load(tmp_path / "tiny", nothing)
    # the nearest of both folders; that both end in .yaml makes no two names alike
    (tmp_path / "tinny.yaml").touch()
    with pytest.raises(SpecError, match=r"did you mean \S*studies/tiny\.yaml\?"):
        load(tmp_path / "tiny", nothing)
    with pytest.raises(SpecError, match=r"there is no such file$"):
        load(tmp_path / "nofile.yaml", nothing)
