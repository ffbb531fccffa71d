"""What a wrong study file is told: place, what is wrong, what was seen, what is allowed."""

from __future__ import annotations

import pytest

LR = "learning_rate: {float: [0.01, 1], log: true}"
NORM = "norm: {train: batchnorm}"
NET = "depth: 2"
LENGTH = "length: {epochs: 10}"


def test_all_mistakes_at_once_in_the_order_of_the_file(problems, study):
    told = problems(
        study,
        ("name: toy", "name: tyo"),
        (NET, "dept: 2"),
        (LR, "learning_rate: no"),
        (NORM, "norm: {train: batchnrm}"),
    )
    assert [line.split(" ")[0] for line in told] == ["3:14:", "4:20:", "7:18:", "10:17:"]
    assert "did you mean `toy`? allowed: toy, official" in told[0]
    assert told[1].startswith("4:20: unknown key in model: `dept`; did you mean `depth`?")
    assert told[2].endswith("is `no`; it takes a number above 0")
    assert "did you mean `batchnorm`?" in told[3]


def place(text, spot):
    """'line:column' of the first `spot` in `text`."""
    before = text[: text.index(spot)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(
    ("old", "new", "spot", "words"),
    [
        (NET, "depth: {int: [3, 1]}", "[3", "low end 3 is above the high end 1"),
        (NET, "depth: {int: [0, 1]}", "0, 1", "a whole number of at least 1"),
        (NET, "depth: {float: [1, 3]}", "{float: [1", "write `int:`, not `float:`"),
        (NET, "depth: {int: [1, 4], step: 2}", "[1, 4", "do not reach 4; end at 3"),
        (NET, "depth: {int: [1, 2, 3]}", "[1, 2", "int: [low, high]; saw the list [1, 2, 3]"),
        (NET, "depth: {itn: [1, 2]}", "{itn", "did you mean `int`?"),
        (NET, "depth: {int: [1, 2], lgo: true}", "lgo", "did you mean `log`?"),
        (NET, "depth: {int: [1, 2], log: 3}", "3}", "`log` is true or false; saw `3`"),
        (NET, "depth: 2.5", "2.5", "depth is `2.5`; it takes a whole number of at least 1"),
        (NET, "depth: true", "true}", "depth is `true`; it takes a whole number"),
        (NET, "depth: '2'", "'2'", 'the word "2", in quotes; it takes a whole number'),
        (NET, "depth: [1, 2]", "[1, 2", "several values are written {choice: [...]}"),
        (NET, "depth: ~", "~", "depth is `~`; it takes a whole number"),
        (NET, "depth: 2, depth: 3", "depth: 3", "`depth` is given twice, first in line 4"),
        (NET, "stages: 15", "15", "of at least 8 in steps of 6; nearest: 14 and 20"),
        (NET, "stages: 2", "2}\ntraining", "of at least 8 in steps of 6; nearest: 8"),
        (NET, "stages: {sweep: [14, 22]}", "22", "in steps of 6; nearest: 20 and 26"),
        (NET, "stages: {int: [14, 30]}", "30]", "in steps of 6; nearest: 26 and 32"),
        (NET, "stages: {int: [14, 26], step: 4}", "4}", "of at least 6 in steps of 6; nearest: 6"),
        (NET, "stages: {int: [14, 26], log: true}", "[14, 26", "leave out `log`"),
        (NET, "dropout: 1", "1}\ntraining", "a number from 0 to 1 (excluded)"),
        (NET, "dropout: {float: [0, 0.5], log: true}", "[0, 0.5", "must start above 0; saw 0"),
        (NET, "dropout: {float: [.1, .5], log: on, step: .1}", "[.1", "exclude each other"),
        (NET, "normalisation: no", "no}", "`no` is read by YAML as false; it takes"),
        (NET, "normalisation: {int: [1, 2]}", "{int", "no `int` range, since it takes one of"),
        (NET, "gamma_initializer: oens", "oens", "or one of ones, uniform"),
        (NET, "depth: {sweep: [1, {int: [1, 2]}]}", "[1, {", "no range can stand inside it"),
        (NET, "depth: {sweep: [2, 2]}", "2]", "lists `2` twice"),
        (NET, "depth: {sweep: 2}", "2}}", "a sweep takes a list of values; saw `2`"),
        (NET, "depth: {choice: []}", "[]", "a choice is written"),
        ("type: net", "type: ent", "ent", "did you mean `net`?"),
        ("type: net, ", "", "{depth", "model lacks `type`; allowed: net"),
        ("type: net", "type: {sweep: [net]}", "{sweep", "model.type is one word"),
        (LR, "learning_rate: .inf", ".inf", "`.inf`; it takes a number above 0"),
        (LR, "batch_size: 5000", "5000", "more than the training part; allowed: 1 to 600"),
        (LR, "loss: mse", "mse", "`mse` does not fit classification; allowed: auto, cross"),
        (LR, "schedule: {step: [0.9, 0.7]}", "[0.9", "a list of rising numbers"),
        (LR, "schedule: {step: [0.7, 1.2]}", "1.2", "holds `1.2`"),
        (LR, "schedule: {factor: 0.1}", "{factor", "lacks `step`"),
        (LR, "schedule: cosin", "cosin", "did you mean `cosine`?"),
        (LR, "early_stopping: off", "off", "is `off`; it is written {monitor"),
        (LR, "early_stopping: {monitor: r2}", "r2", "`r2` does not fit classification"),
        (LR, "early_stopping: {patince: 3}", "patince", "did you mean `patience`?"),
        (LR, "augment: {flip: true, crop: 4}", "{flip", "each example is a row of 4 numbers"),
        (LR, "augment: {flip: true}", "{flip", "lacks `crop`; it is written {flip: true, crop"),
        (LR, "augment: {flip: 1, crop: 4}", "1, crop", "flip is `1`; it takes true or false"),
        (LR, "augment: {flip: {int: [0, 1]}, crop: 4}", "{int", "no `int` range, since it takes t"),
        (LR, "augment: {flip: true, crop: -1}", "-1}", "a whole number from 0 to 127"),
        (LR, "augment: {sweep: [none, on]}", "on]", "`on` is read by YAML as true; quote it"),
        (LR, "optimizer: {choice: {sgd: {beta_1: .5}}}", "{choice", "does not exist when"),
        (LR, "optimizer: {choice: {sgd: {warmup: {sweep: [0]}}}}", "{sweep", "cannot stand"),
        (LR, "optimizer: {choice: {sgd: {optimizer: sgd}}}", "{choice", "in a circle"),
        (LENGTH, "length: {epochs: 1, steps: 5}", "{epochs", "epochs or steps; saw both"),
        (LENGTH, "length: 20", "20\n", "{epochs: 20} or {steps: 6000}; saw `20`"),
        (LENGTH, "momentum: 0.5", "momentum", "training.length is missing"),
        ("test: 0.2", "test: 0.8", "0.8", "validation + data.test is 1;"),
        ("test: 0.2", "test: 1.5", "1.5", "from 0 (excluded) to 1 (excluded)"),
        ("name: toy", "name: official", "test:", "has an official test split of 200"),
        ("name: toy", "name: file", "{name: file", "data lacks `path`"),
        ("test: 0.2", "scal: none", "scal:", "did you mean `scale`?"),
        (NORM, "norm: {train: random}", "random", "exactly one of per_unit, fraction, match"),
        (NORM, "norm: {train: random, per_unit: 1, fraction: 0.1}", "random", "saw fraction, p"),
        (NORM, "norm: {train: gamma, per_unit: 1}", "1}\n", "`random` is not in train"),
        (NORM, "norm: {train: gamma, of: hidden}", "hidden", "`random` is not in train"),
        (NORM, "norm: {train: random, fraction: 0 }", "0 }", "from 0 (excluded) to 1"),
        (NORM, "norm: {train: random, match: gamma}", "gamma", "not known; allowed: batchnorm"),
        (NORM, "norm: {train: -all}", "-all", "starts with a minus"),
        (NORM, "norm: {train: all-random}", "all-random", "without a minus"),
        (NORM, "norm: {train: gamma+gamma}", "gamma+", "stands in it twice"),
        (NORM, "norm: {train: gamma+}", "gamma+", "a word is missing"),
        (NORM, "norm: {train: off}", "off", "YAML reads as false; quote it"),
        (NORM, "norm: {trian: all}", "trian", "did you mean `train`?"),
        (NORM, "norm:", "norm:", "arm norm is empty"),
        (NORM, "norm: {model: {depth: 1}}", "norm:", "arm norm lacks `train`"),
        (NORM, "norm: {train: all, model: {type: net}}", "type: net}}", "leave `type` out"),
        (NORM, "2nd: {train: all}", "2nd", "plain word"),
        (NORM, "norm: {train: all, search: none}", "{float", "but arm norm has search: none"),
        ("name: tiny", "name: a/b", "a/b", "plain word"),
        ("name: tiny", "nam: tiny", "nam:", "unknown key: `nam`; did you mean `name`?"),
    ],
)
def test_one_mistake(problems, study, old, new, spot, words):
    told = problems(study, (old, new))
    where = place(study.replace(old, new), spot)
    assert any(line.startswith(f"{where}: ") and words in line for line in told), (where, told)
    assert len(told) <= 2


@pytest.mark.parametrize(
    ("line", "spot", "words"),
    [
        ("contrasts: [[norm, ful]]", "ful]", "did you mean `full`?"),
        ("contrasts: [[norm, norm]]", "[norm", "a pair of two different arms"),
        ("contrasts: [[norm, full], [norm, full]]", "[norm, full]]", "listed twice"),
        ("contrasts: norm", "norm\n", "a list of pairs"),
        ("score: {metric: r2}", "r2", "`r2` does not fit classification; allowed: accuracy, loss"),
        ("score: {metric: acuracy}", "acuracy", "did you mean `accuracy`?"),
        ("score: {at: epoch 11}", "epoch 11", "beyond the end of a run of 10 epochs"),
        ("score: {at: lsat}", "lsat", "did you mean `last`?"),
        ("score: {at: 5}", "5}", "such as epoch 5"),
        ("score: {met: 5}", "met", "did you mean `metric`?"),
        ("search: {sampler: grid}", "{float", "a grid cannot list them"),
        ("search: {sampler: tep}", "tep", "did you mean `tpe`?"),
        ("search: {driver: oputna}", "oputna", "did you mean `optuna`?"),
        ("search: {pruner: {asha: {fctor: 3}}}", "{fctor", "asha takes factor"),
        ("search: {pruner: {asha: , none: }}", "{asha", "takes one pruner"),
        ("search: {pruner: {aha: }}", "aha", "did you mean `asha`?"),
        ("search: {trials: 0}", "0}", "a whole number of at least 1"),
        ("search: {budget: {epochs: 0}}", "0}", "a whole number of at least 1"),
        ("search: {budget: {epochs: 9, minutes: 3}}", "{epochs", "saw both, keep one"),
        ("search: {budget: {}}", "{}", "write {epochs: 400} or {minutes: 30}"),
        ("search: {budget: {hours: 3}}", "hours", "allowed: epochs, minutes"),
        (
            "search: {oracle: random}",
            "oracle",
            "search.oracle is tuner's: write `driver: tuner` beside it, or give `sampler`, "
            "optuna's word for it, one of random, tpe, grid",
        ),
        (
            "search: {driver: tuner, sampler: tpe}",
            "sampler",
            "search.sampler is optuna's: write `driver: optuna` beside it, or give `oracle`, "
            "tuner's word for it, one of random, grid",
        ),
        ("search: {choose: {tpo: 3}}", "tpo", "did you mean `top`?"),
        ("search: 5", "5\n", "a mapping, or `none`; saw `5`"),
        ("search: none", "{float", "has search: none"),
        ("confirm: 3", "3\n", "a mapping of seeds; saw `3`"),
        ("engine: {dtype: float16}", "float16", "`float32`"),
        ("engine: {lanes: 2.5}", "2.5", "a whole number of at least 1, or one of auto"),
        ("engine: {lanes: many}", "many", "a whole number of at least 1, or one of auto"),
        ("engine: {backend: tensorflow, lanes: 8}", "8}", "one run at a time; leave `lanes` out"),
        ("engine: {devices: [1, 0]}", "[1, 0]", "a list of rising ones of at least 0, or one of"),
        ("engine: {devices: gpu}", "gpu", "or one of auto, cpu"),
        ("seed: -1", "-1", "a whole number of at least 0"),
        ("sweep: {model.depth: 3}", "{model.depth", "a list of settings"),
        ("sweep: [{model.depth: 3}]", "model.depth", "also set in line 4; keep one"),
        ("sweep: [{model.dpth: 3}]", "model.dpth", "did you mean `model.depth`?"),
        ("sweep: [{model.width: 3}, {seed: 0}]", "{seed", "sets the same settings"),
        ("sweep: [{model.width: 3}, {model.width: 3 }]", "{model.width: 3 }", "twice; keep one"),
        ("variants: {a: {serach: {}}}", "serach", "did you mean `search`?"),
        ("variants: {a: {training: {momntum: 1}}}", "momntum", "(in variant a)"),
        ("variants: {a: {name: b}}", "name: b", "a variant cannot hold `name`"),
        ("variants: {a: 3}", "3}", "takes a mapping of keys to change"),
    ],
)
def test_one_wrong_line(problems, study, line, spot, words):
    told = problems(study, ("arms:", f"{line}\narms:"))
    where = place(study.replace("arms:", f"{line}\narms:"), spot)
    # the spot stands in the line itself, unless the study has it earlier
    rest = study.split("arms:")[0] if spot != "{float" else ""
    where = (
        place(" " * 0 + rest.replace(spot, "_" * len(spot)) + line + "\n", spot) if rest else where
    )
    assert any(one.startswith(f"{where}: ") and words in one for one in told), (where, told)
    assert len(told) <= 2


def test_match_needs_batchnorm(problems, study):
    arm = (NORM, "norm: {train: random, match: batchnorm}")
    for kind, words in (("none", "is none"), ("{choice: [batch, none]}", "can be none")):
        told = problems(study, (NET, f"normalisation: {kind}"), arm)
        assert len(told) == 1 and told[0].startswith("10:32: ") and words in told[0]


def test_settings_that_do_not_fit_regression(problems, study):
    told = problems(study, ("name: toy", "name: numbers"), (LR, "label_smoothing: 0.1"))
    assert told[0].startswith("7:20: training.label_smoothing has no meaning for regression")


def test_a_shift_that_leaves_nothing_of_an_image(problems, study):
    pictures = ("name: toy", "name: pictures")
    (told, *_) = problems(study, pictures, (LR, "augment: {flip: true, crop: {int: [2, 6]}}"))
    assert told.startswith("7:31: training.augment.crop reaches 6, which can shift images of 8x6x1")
    assert told.endswith("out of sight; allowed: 0 to 5")


def test_the_same_setting_in_two_choices(problems, study):
    both = "optimizer: {choice: {sgd: {warmup: 0.1}}}\n  batch_size: {choice: {64: {warmup: 0.2}}}"
    assert "in the choices of both" in " ".join(problems(study, (LR, both)))


def test_a_swept_setting_inside_a_choice(problems, study):
    both = "optimizer: {choice: {sgd: {warmup: 0.1}}}\n  warmup: {sweep: [0, 0.2]}"
    assert "swept and also stands inside a choice" in " ".join(problems(study, (LR, both)))


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ("training.lenght.epochs=2", "unknown key in training: `lenght`; did you mean `length`?"),
        ("model.depth=zero", "model.depth is `zero`; it takes a whole number"),
        ("model.depth", "an edit is written KEY=VALUE"),
        ("model.depth=[1", "the value `[1` is not valid YAML"),
        ("confirm={seeds: 1, seeds: 2}", "seeds: 2}` is not valid YAML"),
        ("arm.norm.train=all", "unknown key: `arm`; did you mean `arms`?"),
    ],
)
def test_wrong_edits_say_where(problems, study, edit, words):
    (told,) = problems(study, edits=[edit])
    assert told.startswith(f"--set {edit}: ") and words in told


def test_an_unknown_variant(problems, study):
    told = problems(study, ("arms:", "variants: {quick: {seed: 1}}\narms:"), variant="quik")
    assert told == ["--variant quik: unknown variant: `quik`; did you mean `quick`? allowed: quick"]


def test_a_file_without_variants_is_told_how_one_is_written(problems, read, study):
    (told,) = problems(study, variant="fast")
    first, *lines = told.splitlines()
    assert first.endswith("has no variants; add what they change at its end, as in")
    assert len(lines) == 2
    # what it shows is right
    written = study + "\n".join(line[4:] for line in lines) + "\n"
    spec = read(written, variant="fast")
    assert (spec.name, spec.confirm_seeds) == ("tiny-fast", 2)
    (other,) = problems(written, variant="slow")
    assert other.endswith("unknown variant: `slow`; allowed: fast")


def test_missing_keys_and_files_that_are_no_study(problems):
    told = " ".join(problems("name: x\n"))
    for key in ("data", "model", "training", "arms"):
        assert f"`{key}` is missing" in told
    assert "is empty" in problems("# only a question?\n")[0]
    assert "a study file is a mapping" in problems("[1, 2]\n")[0]
    (told,) = problems("a: [1\nb: 2\n")
    assert told.startswith("1:4: not valid YAML: the `[` here is not closed")
    (told,) = problems("a:\n\t- 1\n")
    assert "not with tabs" in told and told.startswith("2:1: ")
    assert "contains itself" in " ".join(problems("a: &x [*x]\n"))
    assert "the tag" in " ".join(problems("a: !!python/name:os.system x\n"))


def test_no_arms(problems, study):
    head = study.split("arms:")[0]
    assert "`arms` is missing" in problems(head)[0]
    assert "arms takes names with their arms" in problems(head + "arms: {}\n")[0]


def test_a_file_that_the_data_set_cannot_read(problems, study):
    (told,) = problems(study, ("name: toy", "name: file, path: gone.csv"))
    assert told.startswith("3:26: data.path /") and told.endswith("gone.csv: there is no such file")


def test_a_mistake_about_a_file_stands_where_the_file_is_named(problems, study, tmp_path):
    (tmp_path / "bad.csv").touch()
    named = "name: file, target: a, path: bad.csv"
    (told,) = problems(study, ("name: toy", named))
    assert told == "3:28: bad.csv: has no column 'a' (data.target)"


def test_a_package_that_is_not_installed(problems, study):
    own = study.replace("norm: {", "norm: {search: {sampler: random}, ")
    norm, full = problems(own + "search: {sampler: tpe}\n", missing="pip install scipy")
    needs = "needs a package that is not installed: pip install scipy"
    assert full == f"11:19: search.sampler tpe {needs}"
    assert norm == f"10:28: search.sampler random {needs}"
    (told,) = problems(study, missing="pip install scipy")
    assert told == f"2:1: search.sampler tpe {needs}"
