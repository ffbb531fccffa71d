"""One pass tells every mistake of a file, and none that only another mistake brings about."""

from __future__ import annotations

import pytest

from hpstudy.errors import SpecError

LR = "learning_rate: {float: [0.01, 1], log: true}"
NORM = "norm: {train: batchnorm}"
UNUSED = f"{LR}\n  optimizer: adam\n  momentum: 0.9"
TOP = "search: {trials: 2, choose: {top: 5}}\n"
# mistakes of every section: what to replace, by what, and the words that tell it
ELSEWHERE = [
    ("name: tiny", "nam: tiny", "unknown key: `nam`"),
    ("validation: 0.2", "validaton: 0.2", "unknown key in data: `validaton`"),
    ("name: toy", "name: tyo", "data.name is `tyo`"),
    ("depth: 2", "dept: 2", "unknown key in model: `dept`"),
    ("type: net", "type: nte", "model.type is `nte`"),
    ("length: {epochs: 10}", "length: {epochs: 10}\n  warmpu: 0.1", "`warmpu`"),
    ("train: all", "train: al", "unknown word: `al`"),
    ("train: all}", "train: all, learning_rate: 0.1}", "unknown key in arm full: `learning_rate`"),
    ("full: {train: all}", "full: all", "arm full is `all`"),
    ("arms:", "score: {metric: acuracy}\narms:", "score.metric is `acuracy`"),
    ("arms:", "engine: {lane: 3}\narms:", "unknown key in engine: `lane`"),
    ("arms:", "variants: {a: {training: {batch_sise: 8}}}\narms:", "`batch_sise`"),
    ("depth: 2", "depth: 2, depth: 3", "`depth` is given twice"),
    ("name: toy", "name: toy, name: official", "`name` is given twice"),
]


@pytest.mark.parametrize(("old", "new", "words"), ELSEWHERE)
def test_what_choices_rule_out_is_told_beside_other_mistakes(problems, study, old, new, words):
    told = problems(study, (LR, UNUSED), (old, new))
    assert len(told) == 2 and any(words in one for one in told), told
    assert any("training.momentum is given and never used: training.op" in one for one in told)


def test_all_of_them_at_once_and_warnings_among_them(problems, read, study):
    told = problems(study + TOP, (LR, UNUSED), *((old, new) for old, new, _ in ELSEWHERE[3:4]))
    assert [one.split(":")[0] for one in told] == ["4", "9"]
    with pytest.raises(SpecError) as caught:
        read(study + TOP, (LR, UNUSED), ("depth: 2", "dept: 2"))
    *mistakes, warning = str(caught.value).splitlines()
    assert len(mistakes) == 2
    assert "tiny.yaml:13:35: warning: search.choose.top is 5, and a search has 2 trials" in warning
    assert warning.endswith("(arm full, norm)")
    # the same file without its mistakes still warns
    (caution,) = read(study + TOP).cautions
    assert caution.line == 11 and caution.message in warning


def test_what_searches_need_is_told_beside_other_mistakes(problems, study):
    needs = "search: {sampler: random}\n"
    told = problems(study + needs, ("depth: 2", "dept: 2"), missing="pip install scipy")
    assert len(told) == 2 and told[1].endswith("is not installed: pip install scipy")
    # an arm that is right is asked what its driver refuses, whatever is wrong in the other
    three = study + "search: {driver: tuner, oracle: random, trials: 3}\n"
    told = problems(three, ("train: batchnorm", "train: batchnrm"))
    assert len(told) == 2 and told[1].endswith("arm full: 3 trials are too few")


def test_mistakes_of_a_file_and_of_its_edits_come_together(problems, study):
    told = problems(study, ("depth: 2", "dept: 2"), edits=["training.momntum=1"], variant="quick")
    assert len(told) == 3, told
    variant = ("arms:", "variants: {quick: {confirm: {sed: 1}}}\narms:")
    told = problems(study, variant, variant="quick", edits=["seed=-1"])
    assert [one.split(": ")[0] for one in told] == ["--set seed=-1", "8:30"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        # each may bring what the other line needs
        (LR, "optimzer: sgd\n  momentum: 0.9\n  optimizer: adma"),
        (LR, "optimzer: adam\n  beta_1: 0.5"),
        (LR, "opt: adam\n  beta_1: 0.5"),
        (LR, "algorithm: adam\n  beta_1: 0.5"),
        (LR, "optimizer: [adam]\n  beta_1: 0.5"),
        ("  length: {epochs: 10}", "  lenght: {epochs: 10}"),
        ("  length: {epochs: 10}", "  epochs: 10"),
        ("training:", "trainig:"),
        ("arms:", "optimizer: adam\ntraining2: {beta_1: 0.5}\narms:"),
        (NORM, "norm: {train: random, frction: 0.1}"),
        (NORM, "norm: {train: random, percent: 5}"),
        (NORM, "norm: {train: rndom, fraction: 0.1}"),
        (NORM, "norm: {fraction: 0.1}"),
        (NORM, "norm: {train: all, search: none, training: {learning_rate: 0,1}}"),
        (NORM, "norm: {train: all, serach: {trials: 3}, search: none}"),
        (NORM, "norm: {train: gamma, training: {optimizer: adma, beta_1: 0.5}}"),
        (NORM, "norm: {train: gamma, training: {optimzer: adam, beta_1: 0.5}}"),
        ("arms:", "search: {sampler: {grid: {pionts: 5}}}\narms:"),
        ("arms:", "search: {trials: two, choose: {top: 18}}\narms:"),
        ("arms:", "score: {at: epoch 20}\n" + "training: {length: {epochs: 30}}\narms:"),
        ("length: {epochs: 10}", "length: {epochs: ten}\nscore: {at: epoch 20}\ntrainig: {}"),
        # each key twice: the other line fits one of its values
        (LR, "optimizer: adam\n  momentum: 0.9\n  optimizer: sgd"),
        (LR, "optimizer: sgd\n  momentum: 0.9\n  optimizer: adam"),
        ("training:", "training: {learning_rate: 0.1}\ntraining:"),
        (NORM, f"{NORM}\n  norm: {{train: all, search: none}}"),
        (NORM, f"norm: {{train: all, search: none}}\n  {NORM}"),
        ("arms:", "search: {sampler: {grid: {points: 5}}}\nsearch: {sampler: grid}\narms:"),
        ("arms:", "search: {trials: 2}\nsearch: {choose: {top: 12}}\narms:"),
    ],
)
def test_no_mistake_brings_about_another(problems, read, study, old, new):
    with pytest.raises(SpecError) as caught:
        read(study, (old, new))
    for one in caught.value.problems:
        assert not any(
            words in one.message
            for words in ("never used", "is missing", "exactly one of", "not in train", "but arm")
        ), one
        assert "beyond the end" not in one.message and "cannot list them" not in one.message
    assert not caught.value.cautions


def test_all_mistakes_of_data_are_told_at_once(problems, study, tmp_path):
    (tmp_path / "bad.csv").touch()
    wrong = "task: regresion, validaton: 0.2, split_seed: -1"
    told = problems(study, ("name: toy", f"name: file, path: bad.csv, target: a, {wrong}"))
    assert [one.split(": ")[0] for one in told] == ["3:43", "3:52", "3:63", "3:91"]
    assert told[0] == "3:43: bad.csv: has no column 'a' (data.target)"
    assert "data.task is `regresion`" in told[1] and "did you mean `regression`?" in told[1]
    # of an unknown data set what any of them takes
    told = problems(study, ("name: toy", "name: tyo, scale: twice, scael: none, task: regression"))
    assert len(told) == 3 and "data.name" in told[0] and "data.scale" in told[1], told
    assert "unknown key in data: `scael`; did you mean `scale`?" in told[2]
    # what a right file holds is read with the study's other mistakes, and not for itself
    told = problems(
        study,
        ("name: toy", "name: file, path: bad.csv, target: a, task: regression"),
        ("depth: 2", "depth: two"),
    )
    assert len(told) == 2 and "has no column 'a'" in told[0]
    told = problems(
        study,
        ("name: toy", "name: file, path: bad.csv, target: a, task: regression"),
        ("depth: 2", "depth: 2, depth: 3"),
    )
    assert len(told) == 2 and "has no column 'a'" in told[0]


def test_a_misspelt_model_is_read_as_the_one_that_is_meant(problems, study):
    own = (NORM, "norm: {train: batchnrm, model: {widht: 3, type: net}}")
    told = problems(study, ("type: net, depth: 2", "type: nte, dept: 2, width: 0"), own)
    assert [one.split(": ")[0] for one in told] == [
        *("4:15", "4:20", "4:36"),
        *("10:17", "10:35", "10:45"),
    ]
    assert "model.type is `nte`, which is not known; did you mean `net`?" in told[0]
    assert "unknown key in model: `dept`; did you mean `depth`?" in told[1]
    assert "unknown key in model of arm norm: `widht`; did you mean `width`?" in told[4]
    # where none is near, what all of them are to be
    told = problems(study, ("type: net, depth: 2", "type: convolutional, dept: 2, width: 0"), own)
    assert [one.split(": ")[0] for one in told] == ["4:15", "4:30", "10:17", "10:35", "10:45"]
    assert "unknown key in model: `dept`; did you mean `depth`?" in told[1]


@pytest.mark.parametrize(
    "data",
    [
        "name: file, path: bad.csv, tagret: a, task: regression",
        "name: file, path: bad.csv, target: {choice: [a]}, task: regression",
        "name: file, path: bad.csv, target: , task: regression",
        "file: bad.csv, target: a",
        "toy: , target: a",
    ],
)
def test_one_slip_in_data_is_one_mistake(problems, study, tmp_path, data):
    (tmp_path / "bad.csv").touch()
    assert len(problems(study, ("name: toy", data))) == 1


def test_a_key_given_twice_is_read_with_either_value(problems, study):
    again = "arms:\n  half: {train: al}\narms:"
    told = problems(
        study + "contrasts: [[norm, full], [half, norm], [nrm, full]]\n", ("arms:", again)
    )
    assert [one.split(": ")[0] for one in told] == ["9:17", "10:1", "13:42"]
    assert "given twice, first in line 8" in told[1] and "`nrm`" in told[2]
    # mistakes of all its values, and of what is inside them
    told = problems(study, ("depth: 2", "depth: -1, depth: {int: [1, 4], int: [3, 2]}"))
    assert [one.split(": ")[0] for one in told] == ["4:27", "4:31", "4:52", "4:57"]
    # what follows from either value follows
    told = problems(study, (LR, "optimizer: adam\n  momentum: 0.9\n  optimizer: adamw"))
    assert len(told) == 2 and "training.momentum is given and never used" in told[0]
    # and three are told as two slips
    told = problems(study, ("depth: 2", "depth: 2, depth: 3, depth: 4"))
    assert len(told) == 2 and all("first in line 4" in one for one in told)


APART = [
    *(one[:2] for one in ELSEWHERE if one[0] not in ("name: toy", "type: net")),
    (LR, UNUSED),
    ("training:\n", "trainig:\n"),
    ("confirm:", "confrim:"),
    ("depth: 2", "depth: 2, normalisation: none, gamma_initializer: 7"),
    ("train: batchnorm", "train: random"),
    ("train: batchnorm}", "train: batchnorm, model: {widht: 3}}"),
    ("top: 3", "top: 12"),
    ("trials: 8", "trials: 8, sampler: tep"),
    ("[norm, full]", "[nrm, full]"),
]


@pytest.mark.parametrize("mistake", APART)
def test_mistakes_apart_are_told_together_as_each_is_alone(read, study, mistake):
    study += "confirm: {seeds: 3}\nsearch: {trials: 8, choose: {top: 3}}\n"
    study += "contrasts: [[norm, full]]\n"

    def told(*mistakes):
        try:
            return {one.message for one in read(study, *mistakes).cautions}
        except SpecError as error:
            return {one.message for one in (*error.problems, *error.cautions)}

    alone = told(mistake)
    assert alone
    for other in APART[APART.index(mistake) + 1 :]:
        if other[0] not in mistake[0] and mistake[0] not in other[0]:
            assert told(mistake, other) == alone | told(other), other
