"""Names that people bring from elsewhere, and names in the wrong section."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hpstudy import spec
from hpstudy.data import sizes
from hpstudy.errors import SpecError
from hpstudy.spec import yaml
from hpstudy.spec.edits import edited
from hpstudy.spec.elsewhere import ELSEWHERE, as_edit
from hpstudy.spec.problems import Problems
from hpstudy.spec.synonyms import ABSENT, WORDS
from hpstudy.spec.yaml import Node
from hpstudy.study import REGISTRIES

STUDY = {
    "data": "{name: digits}",
    "model": "{type: mlp, depth: {int: [1, 2]}}",
    "training": "{length: {epochs: 20}, learning_rate: {float: [0.1, 1], step: 0.1}}",
    "arms": "{full: {train: all}, bn_only: {train: batchnorm}}",
}
OWN = '{hypermodel: "my_module:MyHyperModel"}'
WRITTEN = {
    one
    for told in (told for words in ABSENT.values() for told in words.values())
    for one in re.findall(r"`(\w+: \{.*?\})`", told)
}


def load(folder: Path, variant: str, **sections: str) -> spec.Spec:
    """A study of real data and models, with a variant laid over it."""
    lines = [f"{name}: {text}" for name, text in {**STUDY, **sections}.items()]
    path = folder / "study.yaml"
    path.write_text("\n".join([*lines, f"variants: {{a: {{{variant}}}}}\n"]))
    return spec.load(path, REGISTRIES, variant="a")


def bring_files(folder: Path) -> None:
    np.savez(folder / "mine.npz", x=np.eye(20, 3), y=np.arange(20) % 2)
    (folder / "mine.csv").write_text("a,its_column\n" + "1,p\n2,q\n" * 10)


@pytest.mark.parametrize("here", sorted({*ELSEWHERE.values(), *WRITTEN}))
def test_what_is_to_be_written_instead_is_right(here: str, tmp_path: Path) -> None:
    (tmp_path / "my_module.py").write_text("class MyHyperModel: ...\ndef build_model(hp): ...\n")
    bring_files(tmp_path)
    section, _, text = here.partition(": ")
    whole = {section: text} if re.match(r"\{(type|hypermodel|name: file)", text) else {}
    whole = {"model": OWN} if re.match(r"\{(hp|args)", text) else whole
    try:
        assert load(tmp_path, here, **whole).cells
    except SpecError as error:
        # samplers that come with an extra
        assert "needs a package that is not installed: pip install" in str(error)


@pytest.mark.parametrize(
    "wrong", ["{name: mine.csv}", "{name: mine.npz}", "{path: mine.csv}", "{file: mine.npz}"]
)
def test_a_file_is_brought_as_told(wrong: str, tmp_path: Path) -> None:
    bring_files(tmp_path)
    with pytest.raises(SpecError) as caught:
        load(tmp_path, "", data=wrong)
    told = re.search(r"write (?:`data: )?(\{.*?\})", str(caught.value))
    assert told is not None
    found = load(tmp_path, "", data=told[1])
    assert sizes(found.data).test == 4


@pytest.mark.parametrize("word", sorted({*WORDS.values()}))
def test_every_word_that_is_meant_is_one_of_ours(word: str) -> None:
    declared = [one for model in REGISTRIES.hypermodels.values() for one in model.parameters]
    declared += [one for data in REGISTRIES.datasets.values() for one in data.options]
    options = {option for one in (*declared, *spec.TRAINING) for option in one.options}
    drivers = REGISTRIES.drivers.values()
    known = {name for one in drivers for name in (*one.samplers, *one.pruners, one.name)}
    others = {"accuracy", "best_validation", "tensorflow"}
    assert word in {*options, *known, *others, *REGISTRIES.datasets, *REGISTRIES.hypermodels}


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        (
            "training: {optimizer: rmsprop}",
            "optimizer is `rmsprop`, which is not known; a `hypermodel` of your own may compile "
            'any optimizer of Keras\'s: `model: {hypermodel: "my_module:MyHyperModel"}`; allowed: '
            "sgd, adam, adamw",
        ),
        ("training: {optimizer: {choice: [Lion, sgd]}}", "optimizer is `Lion`, which is not kno"),
        ("training: {optimizer: AdamW}", "did you mean `adamw`?"),
        ("training: {schedule: plateau}", "write `training: {schedule: cosine}` or"),
        (
            "search: {sampler: bayes}",
            "Bayesian optimisation is `search: {sampler: tpe}`, `search: {sampler: gp}` or Keras "
            "Tuner's `search: {driver: keras_tuner, oracle: bayesian}`; allowed: random, tpe",
        ),
        ("search: {sampler: {Bayesian: {beta: 3}}}", "sampler is `Bayesian`, which is not known; "),
        ("search: {sampler: hyperband}", "proposes: `search: {sampler: tpe, pruner: hyperband}`"),
        ("search: hyperband", "saw `hyperband`; write {driver: keras_tuner, oracle: hyperband}"),
        ("search: {sampler: CMA-ES}", "did you mean `cmaes`?"),
        ("search: {pruner: tpe}", "it proposes trials, and stops none: `search: {sampler: tpe}`"),
        ("search: {pruner: successive-halving}", "did you mean `asha`?"),
        ("search: {pruner: {asha: {reduction_factor: 3}}}", "did you mean 'factor'? (allowed: fa"),
        ("search: {sampler: {tpe: {n_startup_trials: 3}}}", "did you mean 'startup_trials'?"),
        ("search: {sampler: {tpe: {seed: 3}}}", "write search.seed instead (allowed: startup"),
        ("search: {driver: keras_tuner, oracle: tpe}", "a sampler of Optuna's: `search: {sampler"),
        ("hp: {units: 64}", "unknown key: `hp`; write `model: {hp: {units: 64}}`; allowed: name"),
        ("arms: {full: {hp: {units: 9}}}", "arm full: `hp`; write `model: {hp: {units: 64}}`; al"),
        (
            "arms: {full: {percent: 5}}",
            "write `arms: {random: {train: random, fraction: 0.05}}`; allowed: model",
        ),
        ("model: {hp: {units: 9}}", "only a `hypermodel` of your own has it; the settings of"),
        ("arms: {full: {model: {hp: {units: 9}}}}", "only a `hypermodel` of your own has it; "),
        ("model: {type: cnn}", "write `model: {type: lenet}`, or take vgg or resnet; allowed: ml"),
        ("data: {name: cells.csv}", "write `data: {name: file, path: cells.csv, target: its_"),
        ("engine: {devices: cuda:0}", "write `engine: {devices: [0]}` for the first GPU; it tak"),
        ("engine: {gpu: 1}", "unknown key in engine: `gpu`; write `engine: {devices: [0]}`; all"),
        ("engine: {workers: 2}", "an option of the command: `run FILE --workers 2`; allowed: back"),
        ("question: Is it", "asks the question, as a comment: `# Is it enough?`; allowed: name"),
        ("data: {name: iris}", "bring it as a file: `data: {name: file, path: mine.csv, target: "),
        ("data: {file: iris.csv}", "unknown key in data: `file`"),
        ("data: {normalize: true}", "inputs are scaled, but for `data: {scale: none}`; allowed: v"),
        ("data: {validation: 20}", "it takes a number from 0 (excluded) to 1 (excluded); 20% is w"),
        (
            "training: {clipnorm: 1}",
            "key in training: `clipnorm`; a `hypermodel` of your own may c",
        ),
        ("training: {augment: flip}", "write `training: {augment: {flip: true, crop: 4}}`; allowe"),
        ("training: {schedule: {cosine: 1}}", "in training.schedule: `cosine`; write `training: {"),
        ("search: tpe", "search takes a mapping, or `none`; saw `tpe`; write {sampler: tpe}"),
        ("score: {mode: max}", "unknown key in score: `mode`; write `score: {metric: accuracy}`"),
    ],
)
def test_words_of_other_libraries(variant: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, variant)
    assert told in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "length: {epochs: 10}",
            "epochs: 3",
            "in training: `epochs`; write `training: {length: {epochs: 3}}`; ",
        ),
        ("length: {epochs: 10}", "epochs: -3", "write `training: {length: {epochs: 20}}`; "),
        (
            "length: {",
            "lr: 0.1\n  length: {",
            "`lr`; write `training: {learning_rate: 0.1}`; a",
        ),
        (
            "arms:",
            "n_trials: 20\narms:",
            "key: `n_trials`; write `search: {trials: 20}`; all",
        ),
        ("arms:", "optimizer: adam\narms:", "key: `optimizer`; write `training: {optimizer: sgd}`"),
        (
            "train: all",
            "train: all, batch_size: 9",
            "in arm full: `batch_size`; write `train",
        ),
        (
            "depth: 2",
            "dropout-rate: 0.1",
            "in model: `dropout-rate`; write `model: {dropout: 0.1",
        ),
        (
            "arms:",
            "search: {objective: loss}\narms:",
            "`objective`; did you mean `objectives`, or `score: {metric: accuracy}`? allowed: tri",
        ),
        # the table gives way to a slip of the pen
        ("length: {", "schedule: {steps: [0.5]}\n  length: {", "`steps`; did you mean `step`, or "),
        ("length: {", "optimiser: adam\n  length: {", "`optimiser`; did you mean `optimizer`? all"),
        # nor does it speak of what is no key
        (
            "depth: 2",
            "depth: {int: [1, 4], steps: 3}",
            "`steps`; did you mean `step`? allowed: i",
        ),
    ],
)
def test_the_message_says_it(problems, study, old: str, new: str, told: str) -> None:
    assert any(told in line for line in problems(study, (old, new))), problems(study, (old, new))


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("training.epochs=2", "`epochs`; write `--set training.length.epochs=2`; allowed: "),
        ("max_epochs=2", "`max_epochs`; write `--set training.length.epochs=2`; allowed: "),
        ("training.epochs={int: [1, 2]}", "write `--set training.length.epochs=20`; allowed: "),
        ("training.lr=0.3", "`lr`; write `--set training.learning_rate=0.1`; allowed: "),
        # what is no single key, or one arm's
        ("training.betas=0.9", "write `training: {optimizer: adam, beta_1: 0.9, beta_2: 0.999}`"),
        ("arms.full.training.epochs=2", "write `training: {length: {epochs: 2}}`; allowed: "),
    ],
)
def test_an_edit_is_answered_by_an_edit(edit: str, told: str, tmp_path: Path) -> None:
    load(tmp_path, "")
    with pytest.raises(SpecError) as caught:
        spec.load(tmp_path / "study.yaml", REGISTRIES, edits=(edit,))
    assert told in str(caught.value)


@pytest.mark.parametrize("edit", sorted({*map(as_edit, ELSEWHERE.values())} - {""}))
def test_an_edit_that_is_to_be_written_instead_says_the_same(edit: str) -> None:
    def said(root: Node) -> Any:
        items = root.content if isinstance(root.content, tuple) else ()
        inside = {name: said(entry.value) for name, entry in root.entries.items()}
        return inside or [*map(said, items)] or root.content

    problems, (here, *_) = Problems(), [one for one in ELSEWHERE.values() if as_edit(one) == edit]
    asked = yaml.read(here, "", problems)
    assert asked is not None
    assert said(edited(Node({}, ""), edit, problems)) == said(asked)
    assert not problems.found
