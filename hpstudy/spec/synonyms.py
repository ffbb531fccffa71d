"""Words of other libraries for what a setting takes: the same here, or what there is instead."""

from __future__ import annotations

from collections.abc import Mapping

# what somebody may call one of a setting's words -> that word
WORDS: Mapping[str, str] = {
    "acc": "accuracy",
    "val_acc": "accuracy",
    "val_loss": "loss",
    "rmse": "mse",
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
    "ce": "cross_entropy",
    "categorical_crossentropy": "cross_entropy",
    "sparse_categorical_crossentropy": "cross_entropy",
    "bce": "cross_entropy",
    "binary_crossentropy": "cross_entropy",
    "nll": "cross_entropy",
    "l1": "mae",
    "l2": "mse",
    "smooth_l1": "huber",
    "best": "best_validation",
    "avg": "average",
    "swish": "silu",
    "batch_norm": "batch",
    "batchnorm": "batch",
    "bn": "batch",
    "layernorm": "layer",
    "layer_norm": "layer",
    "fixed": "constant",
    "cosine_annealing": "cosine",
    "step_decay": "step",
    "zero": "zeros",
    "one": "ones",
    "dense": "mlp",
    "fc": "mlp",
    "ffn": "mlp",
    "feedforward": "mlp",
    "mnist": "mnist_5k",
    "randomsampler": "random",
    "tpesampler": "tpe",
    "cmaessampler": "cmaes",
    "cma": "cmaes",
    "cma_es": "cmaes",
    "nsga2": "nsgaii",
    "nsga_ii": "nsgaii",
    "genetic": "nsgaii",
    "evolution": "nsgaii",
    "gaussian_process": "gp",
    "latin_hypercube": "qmc",
    "lhs": "qmc",
    "gridsampler": "grid",
    "gpsampler": "gp",
    "successive_halving": "asha",
    "sha": "asha",
    "nop": "none",
    "medianpruner": "median",
    "successivehalvingpruner": "asha",
    "hyperbandpruner": "hyperband",
    "bayesianoptimization": "bayesian",
    "randomsearch": "random",
    "gridsearch": "grid",
    "kerastuner": "keras_tuner",
    "tf": "tensorflow",
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "\\t": "tab",
}

_OPTIMIZER = (
    "a `hypermodel` of your own may compile any optimizer of Keras's: "
    '`model: {hypermodel: "my_module:MyHyperModel"}`'
)
_MOMENTUM = "momentum is plain: `training: {optimizer: sgd, momentum: 0.9}`"
_OWN = 'bring a network of your own: `model: {hypermodel: "my_module:MyHyperModel"}`'
_BAYES = (
    "Bayesian optimisation is `search: {sampler: tpe}`, `search: {sampler: gp}` or Keras Tuner's "
    "`search: {driver: keras_tuner, oracle: bayesian}`"
)
_PRUNES = "it stops trials that a sampler proposes: `search: {sampler: tpe, pruner: %s}`"
_SEQUENCE = "write `search: {sampler: {qmc: {sequence: %s}}}`"
_PROPOSES = "it proposes trials, and stops none: `search: {sampler: %s}`"
_OPTUNAS = "it is a sampler of Optuna's: `search: {sampler: %s}`"
_FALLING = "write `training: {schedule: cosine}` or `training: {schedule: {step: [0.7, 0.9]}}`"
_RISING = "write `training: {schedule: cosine, warmup: 0.1}`"
_GPU = "write `engine: {devices: [0]}` for the first GPU"
_FILE = "bring it as a file: `data: {name: file, path: mine.npz, test: 0.2}`"
_TABLE = "bring it as a file: `data: {name: file, path: mine.csv, target: its_column, test: 0.2}`"

# setting -> what somebody may write for it -> what there is instead
ABSENT: Mapping[str, Mapping[str, str]] = {
    # keys, of the whole file and of its sections
    "key": dict.fromkeys(
        ("question", "title", "description"),
        "the first line of the file asks the question, as a comment: `# Is it enough?`",
    ),
    "data": {
        **dict.fromkeys(
            ("normalize", "normalise", "standardize", "standardise", "scaling"),
            "inputs are scaled, but for `data: {scale: none}`",
        ),
        **dict.fromkeys(("seed", "random_state"), "write `data: {split_seed: 1}`"),
    },
    "model": dict.fromkeys(
        ("hp", "args"),
        "only a `hypermodel` of your own has it; the settings of this model stand in `model` "
        "itself, as in `model: {depth: 2}`",
    ),
    "training": {
        **dict.fromkeys(("clipnorm", "clipvalue", "grad_clip", "gradient_clipping"), _OPTIMIZER),
        "nesterov": _MOMENTUM,
        "shuffle": "examples are shuffled anew in each epoch; leave it out",
        "verbose": "`run` shows its progress by itself; leave it out",
    },
    "engine": dict.fromkeys(
        ("workers", "n_workers", "num_workers", "processes"),
        "it is an option of the command: `run FILE --workers 2`",
    ),
    "model.type": {
        **dict.fromkeys(
            ("cnn", "convnet", "conv"), "write `model: {type: lenet}`, or take vgg or resnet"
        ),
        **dict.fromkeys(
            ("wrn", "wideresnet", "wide_resnet"), "write `model: {type: resnet, widening: 4}`"
        ),
        **dict.fromkeys(
            ("vit", "transformer", "densenet", "mobilenet", "efficientnet", "lstm", "rnn"), _OWN
        ),
        **dict.fromkeys(("resnet18", "resnet34", "resnet50", "resnet101"), _OWN),
    },
    "data.name": {
        **dict.fromkeys(("cifar100", "emnist", "imagenet", "svhn"), _FILE),
        **dict.fromkeys(("adult", "boston", "iris", "titanic", "wine"), _TABLE),
    },
    "training.optimizer": dict.fromkeys(
        (
            *("adadelta", "adafactor", "adagrad", "adamax", "ftrl", "lamb", "lbfgs", "lion"),
            *("lars", "muon", "nadam", "radam", "rmsprop", "shampoo"),
        ),
        _OPTIMIZER,
    )
    | {"nesterov": _MOMENTUM},
    "training.augment": dict.fromkeys(
        ("flip", "crop", "standard", "flip+crop"),
        "write `training: {augment: {flip: true, crop: 4}}`",
    ),
    "training.schedule": {
        **dict.fromkeys(("exponential", "exponential_decay", "polynomial", "linear"), _FALLING),
        **dict.fromkeys(("plateau", "reduce_on_plateau", "reduce_lr_on_plateau"), _FALLING),
        **dict.fromkeys(("one_cycle", "onecycle", "warmup", "warmup_cosine"), _RISING),
    },
    "search.sampler": {
        **dict.fromkeys(
            ("bayes", "bayesian", "bayesian_optimization", "bayesianoptimization", "bayesopt"),
            _BAYES,
        ),
        **dict.fromkeys(("bo", "botorch", "skopt", "smac"), _BAYES),
        **{name: _PRUNES % name for name in ("hyperband", "asha", "median", "percentile")},
        "bohb": _PRUNES % "hyperband",
        **dict.fromkeys(("successive_halving", "sha"), _PRUNES % "asha"),
        **{name: _SEQUENCE % name for name in ("sobol", "halton")},
        "optuna": "its usual one is `search: {sampler: tpe}`",
        **dict.fromkeys(("keras_tuner", "kerastuner"), "write `search: {driver: keras_tuner}`"),
    },
    "search.oracle": {name: _OPTUNAS % name for name in ("tpe", "gp", "cmaes", "qmc", "nsgaii")},
    "search.pruner": {
        **{name: _PROPOSES % name for name in ("tpe", "random", "grid", "gp", "cmaes", "qmc")},
        "wilcoxon": "it prunes between seeds: `search: {choose: {pruner: wilcoxon}}`",
        **dict.fromkeys(
            ("early_stopping", "earlystopping"),
            "write `training: {early_stopping: {patience: 3}}`, which is no pruner",
        ),
    },
    "engine.devices": dict.fromkeys(("gpu", "cuda", "gpu:0", "cuda:0", "/gpu:0"), _GPU),
}


def absent(setting: str, seen: str) -> str:
    """What to write instead of a word of other libraries; nothing for words that are not listed.

    `setting` is a dotted key, as 'search.sampler', or the name of a section, for its keys.
    """
    if setting == "data.name" and seen.endswith((".csv", ".npz")):
        return f"write `data: {own_file(seen)}`"
    words = seen.replace(" ", "").split("+")
    if setting == "subset.match" and "batchnorm" in words[:-1] + words[1:]:
        drawn = "+".join("random" if word == "batchnorm" else word for word in words)
        return f"write `train: {drawn}, match: batchnorm`, which trains as many"
    return ABSENT.get(setting, {}).get(plain(seen), "")


def own_file(path: str) -> str:
    """What `data:` takes for a file of the reader's own, with all that a .csv or .npz needs."""
    target = ", target: its_column" if path.endswith(".csv") else ""
    return f"{{name: file, path: {path}{target}, test: 0.2}}"


def plain(seen: str) -> str:
    """A word as the tables have it: 'nsga_ii' for 'NSGA-II'."""
    return seen.lower().replace("-", "_").replace(" ", "_")
