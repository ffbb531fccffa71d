"""What a right study file gives."""

from __future__ import annotations

import pytest

from hpstudy.errors import SpecError
from hpstudy.spec import TRAINING, Choice, FloatRange, IntRange, load

TRAIN = ("learning_rate: {float: [0.01, 1], log: true}",)


def test_defaults_are_filled_in(read):
    spec = read()
    assert (spec.name, spec.question, spec.seed, spec.confirm_seeds) == (
        "tiny",
        "Does it work?",
        0,
        10,
    )
    assert (spec.score.metric, spec.score.at, spec.score.maximise) == ("accuracy", "last", True)
    assert spec.contrasts == (("norm", "full"),)
    assert spec.engine == {
        "backend": "auto",
        "dtype": "float32",
        "matmul": "float32",
        "lanes": "auto",
        "devices": "auto",
    }
    search = spec.cells[0].search
    assert search is not None
    assert (search.driver, search.sampler, search.pruner) == ("optuna", "tpe", "none")
    assert (search.trials, search.parallel, search.choose_top, search.choose_seeds) == (16, 4, 4, 3)


@pytest.mark.parametrize(
    ("written", "value"), [("cpu", "cpu"), ("1", 1), ("[0, 2]", (0, 2)), ("auto", "auto")]
)
def test_devices_are_words_or_places(read, study, written, value):
    line = f"engine: {{backend: tensorflow, devices: {written}, lanes: 1}}\narms:"
    engine = read(study, ("arms:", line)).engine
    assert (engine["devices"], engine["backend"]) == (value, "tensorflow")


def test_a_cell_has_every_setting_with_its_default(read):
    cell = read().cells[0]
    lengths = {"length.epochs", "length.steps"}
    wanted = {f"training.{p.name}" for p in TRAINING if p.name not in lengths}
    assert wanted | {"model.depth", "model.width", "model.type"} <= set(cell.settings)
    assert cell.settings["training.length.epochs"] == 10
    assert "training.length.steps" not in cell.settings
    assert not any(key.startswith("training.length") for key in cell.defaults)
    for key in set(cell.settings) - {"training.learning_rate", "subset.train"}:
        assert cell.defaults.get(key, cell.settings[key]) == cell.settings[key]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 0.001),
        ("1E+0", 1.0),
        (".5", 0.5),
        ("1", 1.0),
        ("{float: [1e-3, 1e1], log: yes}", FloatRange(0.001, 10.0, True)),
        (
            "{float: [0, 1], step: 0.25}".replace("[0,", "[0.25,"),
            FloatRange(0.25, 1.0, False, 0.25),
        ),
        ("{choice: [1e-2, 0.1]}", Choice((0.01, 0.1))),
    ],
)
def test_numbers_and_ranges(read, study, written, value):
    spec = read(study, ("{float: [0.01, 1], log: true}", written))
    assert spec.cells[0].settings["training.learning_rate"] == value


def test_a_range_of_a_stepped_setting_goes_in_its_steps(read, study):
    spec = read(study, ("depth: 2", "depth: 2, stages: {int: [14, 26]}"))
    assert spec.cells[0].settings["model.stages"] == IntRange(14, 26, step=6)
    spec = read(study, ("depth: 2", "depth: 2, stages: {int: [14, 38], step: 12}"))
    assert spec.cells[0].settings["model.stages"] == IntRange(14, 38, step=12)


def test_a_cell_without_ranges_is_not_searched(read, study):
    assert read(study, (TRAIN[0], "learning_rate: 0.1")).cells[0].search is None


def test_schedule_and_early_stopping_become_flat_settings(read, study):
    extra = """\
  schedule: {step: [0.5, 0.75], factor: {float: [0.1, 0.5]}}
  early_stopping: {monitor: accuracy, patience: 7, restore: last}
arms:"""
    settings = read(study, ("arms:", extra)).cells[0].settings
    assert settings["training.schedule"] == "step"
    assert settings["training.schedule.at"] == (0.5, 0.75)
    assert settings["training.schedule.factor"] == FloatRange(0.1, 0.5)
    assert settings["training.early_stopping"] == "on"
    assert settings["training.early_stopping.monitor"] == "accuracy"
    assert settings["training.early_stopping.patience"] == 7
    assert settings["training.early_stopping.restore"] == "last"


@pytest.mark.parametrize(
    ("written", "flip", "crop"),
    [
        ("{flip: true, crop: 4}", True, 4),
        ("{flip: {choice: [true, false]}, crop: {int: [0, 5]}}", Choice((True, False)), (0, 5)),
        ("'on'", True, 4),
    ],
)
def test_augmentation_becomes_flat_settings(read, study, written, flip, crop):
    pictures = ("name: toy", "name: pictures")
    cell = read(study, pictures, ("arms:", f"  augment: {written}\narms:")).cells[0]
    assert cell.settings["training.augment"] == "on"
    assert cell.settings["training.augment.flip"] == flip
    wanted = IntRange(*crop) if isinstance(crop, tuple) else crop
    assert cell.settings["training.augment.crop"] == wanted
    assert cell.conditions["training.augment.crop"] == {"training.augment": ("on",)}


def test_cells_of_a_swept_flag_are_named_as_it_is_written(read, study):
    augment = ("arms:", "  augment: {flip: {sweep: [true, false]}, crop: 2}\narms:")
    spec = read(study, ("name: toy", "name: pictures"), augment)
    assert [cell.name for cell in spec.cells][:2] == ["full flip=true", "full flip=false"]


def test_none_is_a_word_and_quoted_words_stay_words(read, study):
    extra = "  early_stopping: none\n  schedule: 'cosine'\narms:"
    spec = read(study, ("arms:", extra), ("depth: 2", "normalisation: none"))
    assert spec.cells[0].settings["training.early_stopping"] == "none"
    assert spec.cells[0].settings["model.normalisation"] == "none"


def test_sweeps_cross_and_an_arm_may_sweep_alone(read, study):
    spec = read(
        study,
        ("depth: 2", "depth: {sweep: [1, 3]}, width: {sweep: [8, 16]}"),
        ("norm: {train: batchnorm}", "part: {train: random, fraction: {sweep: [0.01, 0.1]}}"),
    )
    full = [cell.name for cell in spec.cells if cell.arm == "full"]
    assert full == [f"full depth={d} width={w}" for d in (1, 3) for w in (8, 16)]
    assert len([cell for cell in spec.cells if cell.arm == "part"]) == 8
    last = spec.cells[-1]
    assert last.name == "part depth=3 width=16 fraction=0.1"
    assert last.point == {"model.depth": 3, "model.width": 16, "subset.fraction": 0.1}
    assert last.settings["subset.fraction"] == 0.1


def test_joint_sweeps_change_settings_together(read, study):
    joint = (
        "sweep:\n- {model.depth: 2, model.width: 64}\n- {model.depth: 4, model.width: 32}\narms:"
    )
    spec = read(
        study,
        ("arms:", joint),
        (", depth: 2}", "}"),
        ("norm: {train: batchnorm}", "norm: {train: batchnorm, model: {width: 8}}"),
    )
    assert [cell.name for cell in spec.cells] == [
        "full depth=2 width=64",
        "full depth=4 width=32",
        "norm depth=2",
        "norm depth=4",
    ]
    assert spec.cells[2].settings["model.width"] == 8


def test_an_arm_overrides_model_training_and_search(read, study):
    arm = (
        "norm: {train: batchnorm, model: {depth: 5}, search: {trials: 3},"
        " training: {length: {steps: 7}, learning_rate: {float: [0.5, 2]}}}"
    )
    full, norm = read(study, ("norm: {train: batchnorm}", arm)).cells
    assert (full.settings["model.depth"], norm.settings["model.depth"]) == (2, 5)
    assert norm.settings["training.learning_rate"] == FloatRange(0.5, 2.0)
    assert norm.settings["training.length.steps"] == 7
    assert "training.length.epochs" not in norm.settings
    assert full.search is not None and norm.search is not None
    assert (full.search.trials, norm.search.trials) == (16, 3)


def test_an_arm_overrides_what_a_choice_of_the_study_holds(read, study):
    choice = "optimizer: {choice: {sgd: {learning_rate: {float: [0.1, 1]}}, adam: {momentum: 0.5}}}"
    # momentum belongs to sgd alone, so keep to settings that adam has
    choice = choice.replace("momentum: 0.5", "learning_rate: 0.01")
    arm = "norm: {train: batchnorm, training: {learning_rate: 0.3}}"
    full, norm = read(study, (TRAIN[0], choice), ("norm: {train: batchnorm}", arm)).cells
    assert isinstance(full.settings["training.optimizer"], Choice)
    assert full.settings["training.optimizer"].branches["sgd"] == {
        "training.learning_rate": FloatRange(0.1, 1.0)
    }
    assert norm.settings["training.optimizer"] == Choice(("sgd", "adam"))
    assert norm.settings["training.learning_rate"] == 0.3


def test_search_none_for_one_arm(read, study):
    arm = "norm: {train: batchnorm, search: none, training: {learning_rate: 0.3}}"
    full, norm = read(study, ("norm: {train: batchnorm}", arm)).cells
    assert full.search is not None and norm.search is None


def test_pruner_and_sampler_options(read, study):
    extra = "search: {pruner: {asha: {factor: 3}}, sampler: {random: }, choose: {top: 2}}\narms:"
    search = read(study, ("arms:", extra)).cells[0].search
    assert search is not None
    assert (search.pruner, search.pruner_options) == ("asha", {"factor": 3})
    assert (search.sampler, search.sampler_options) == ("random", {})
    assert (search.choose_top, search.choose_seeds) == (2, 3)


@pytest.mark.parametrize(
    ("train", "model", "gamma"),
    [
        ("train: batchnorm", "gamma_initializer: uniform", "uniform"),
        ("train: all", "gamma_initializer: uniform", "uniform"),
        ("train: output + gamma", "gamma_initializer: 0.5", 0.5),
        ("train: all-batchnorm", "gamma_initializer: uniform", "ones"),
        ("train: all-gamma", "gamma_initializer: uniform", "ones"),
        ("train: all-gamma+batchnorm", "gamma_initializer: uniform", "uniform"),
        ("train: beta", "gamma_initializer: {choice: [uniform, ones]}", "ones"),
        ("train: random, per_unit: 2", "gamma_initializer: uniform", "ones"),
        ("train: none, model: {gamma_initializer: 2}", "gamma_initializer: uniform", 2.0),
        ("train: {choice: [none, all]}", "gamma_initializer: uniform", "uniform"),
        ("train: none", "gamma_initializer: {sweep: [uniform]}", "uniform"),
    ],
)
def test_an_arm_that_freezes_gamma_has_it_at_one(read, study, train, model, gamma):
    spec = read(study, ("train: batchnorm", train), ("depth: 2", model))
    cell = next(cell for cell in spec.cells if cell.arm == "norm")
    assert cell.settings["model.gamma_initializer"] == gamma


def test_subsets_can_be_searched_over(read, study):
    arm = "train: {choice: {batchnorm: , batchnorm + random: {per_unit: {int: [1, 4]}}}}"
    cell = read(study, ("train: batchnorm", arm)).cells[1]
    assert cell.settings["subset.train"] == Choice(
        ("batchnorm", "batchnorm+random"),
        {"batchnorm+random": {"subset.per_unit": IntRange(1, 4)}},
    )
    assert cell.conditions["subset.of"] == {"subset.train": ("batchnorm+random",)}


def test_a_swept_subset_leaves_amounts_to_the_random_cells(read, study):
    arm = "train: {sweep: [output, random]}, per_unit: 2"
    _, output, drawn = read(study, ("train: batchnorm", arm)).cells
    assert "subset.per_unit" not in output.settings
    assert drawn.settings["subset.per_unit"] == 2


def test_a_swept_setting_that_cannot_exist_makes_no_further_cells(read, study):
    extra = "optimizer: {sweep: [sgd, adam]}\n  momentum: {sweep: [0, 0.9]}\n  learning_rate: 1"
    names = [cell.name for cell in read(study, (TRAIN[0], extra)).cells if cell.arm == "full"]
    assert names == [
        "full momentum=0.0 optimizer=sgd",
        "full momentum=0.9 optimizer=sgd",
        "full optimizer=adam",
    ]


def test_a_variant_is_laid_over_the_file(read, study):
    variant = (
        "variants: {quick: {training: {length: {steps: 5}, learning_rate: {choice: [0.1, 1]}},"
        " search: {trials: 3}, confirm: {seeds: 2}}}\narms:"
    )
    spec = read(study, ("arms:", variant), variant="quick")
    assert (spec.name, spec.confirm_seeds) == ("tiny-quick", 2)
    cell = spec.cells[0]
    assert cell.settings["training.length.steps"] == 5
    assert "training.length.epochs" not in cell.settings
    assert cell.settings["training.learning_rate"] == Choice((0.1, 1.0))
    assert cell.search is not None and cell.search.trials == 3
    assert read(study, ("arms:", variant)).name == "tiny"


def test_edits_come_last_and_replace(read, study):
    steps = ("epochs: 10", "steps: 600")
    edits = [
        "training.length.epochs=2",
        "training.learning_rate.float=[1e-4, 1e-1]",
        "model.width={choice: [4, 8]}",
        "search.pruner.asha.factor=2",
        "arms.norm.train=gamma",
    ]
    cell = read(study, steps, edits=edits).cells[1]
    assert cell.settings["training.length.epochs"] == 2
    assert "training.length.steps" not in cell.settings
    assert cell.settings["training.learning_rate"] == FloatRange(1e-4, 0.1, True)
    assert cell.settings["model.width"] == Choice((4, 8))
    assert cell.settings["subset.train"] == "gamma"
    assert cell.search is not None and cell.search.pruner_options == {"factor": 2}


def test_a_budget_decides_the_trials_where_nobody_says_them(read, study):
    cell = read(study + "search: {budget: {epochs: 400}}").cells[0]
    assert (cell.search.budget_epochs, cell.search.budget_minutes) == (400, None)
    assert cell.search.trials == 1000
    cell = read(study + "search: {budget: {minutes: 2}, trials: 9}").cells[0]
    assert (cell.search.budget_epochs, cell.search.budget_minutes) == (None, 2.0)
    assert cell.search.trials == 9


def test_an_arm_may_have_another_driver(read, study):
    edited = study.replace(
        "norm: {", "norm: {search: {driver: tuner, oracle: {grid: {points: 3}}}, "
    )
    full, norm = read(edited + "search: {sampler: random}").cells
    assert (full.search.driver, full.search.sampler) == ("optuna", "random")
    assert (norm.search.driver, norm.search.sampler) == ("tuner", "grid")


def test_a_driver_may_refuse_a_cell(read, study, problems):
    (said,) = problems(study + "search: {driver: tuner, oracle: random, trials: 3}")
    assert said == "11:9: arm full: 3 trials are too few"


def test_an_official_test_split_has_no_test_fraction(read, study):
    spec = read(study, ("{name: toy, validation: 0.2, test: 0.2}", "{name: official}"))
    assert (spec.data.validation, spec.data.test) == (0.2, None)


def test_a_file_of_the_users_is_found_beside_the_study(read, study, tmp_path):
    (tmp_path / "x.csv").touch()
    data = ("name: toy, validation: 0.2", "name: file, path: sub/../x.csv")
    spec = read(study, data)
    assert spec.data.options["path"] == str(tmp_path / "x.csv")
    assert (spec.score.metric, spec.score.maximise) == ("r2", True)
    said = read(study, (data[0], data[1] + ", task: classification"))
    assert said.score.metric == "accuracy"


@pytest.mark.parametrize(
    ("metric", "rises"), [("r2", True), ("mse", False), ("mae", False), ("loss", False)]
)
def test_score_of_a_regression(read, study, metric, rises):
    extra = f"score: {{metric: {metric}, at: epoch 4}}\narms:"
    score = read(study, ("name: toy", "name: numbers"), ("arms:", extra)).score
    assert (score.metric, score.at, score.maximise) == (metric, 4, rises)


def test_real_studies_load():
    from pathlib import Path

    from hpstudy.data import DATASETS
    from hpstudy.hypermodels import HYPERMODELS
    from hpstudy.search.drivers import DRIVERS
    from hpstudy.spec import Registries
    from hpstudy.subsets.rules import WORDS

    registries = Registries(DATASETS, HYPERMODELS, WORDS, DRIVERS)
    studies = sorted((Path(__file__).parents[2] / "studies").glob("*.yaml"))
    assert {study.stem for study in studies} >= {"mlp_bn", "mlp_space", "fashion_mlp"}
    for study in studies:
        spec = load(study, registries, variant="quick")
        assert spec.question.endswith("?")
        assert spec.name == f"{study.stem}-quick"
    bn = load(studies[0].with_name("mlp_bn.yaml"), registries)
    assert [cell.name for cell in bn.cells][:2] == ["full depth=1", "full depth=3"]


def test_a_file_that_cannot_be_read(tmp_path):
    from hpstudy.spec import Registries

    nothing = Registries({}, {}, {}, {})
    with pytest.raises(SpecError, match="there is no such file"):
        load(tmp_path / "gone.yaml", nothing)
    with pytest.raises(SpecError, match="folder"):
        load(tmp_path, nothing)
    (tmp_path / "latin.yaml").write_bytes(b"name: \xe9t\xe9\n")
    with pytest.raises(SpecError, match="UTF-8"):
        load(tmp_path / "latin.yaml", nothing)
