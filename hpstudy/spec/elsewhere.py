"""Names that other libraries have, or that stand in another section here: what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hpstudy.spec.synonyms import plain

# one setting inside of sections
CHAIN = re.compile(r"(?P<sections>(?:\w+: \{)+)(?P<key>\w+): (?P<value>[^{}:,]+)(?P<end>\}+)")
WHOLE = re.compile(r"[1-9]\d*")
NUMBER = re.compile(r"\d*\.?\d+")

# what somebody may write -> the same thing in a study file
ELSEWHERE: Mapping[str, str] = {
    # how long, and in what steps
    "epochs": "training: {length: {epochs: 20}}",
    "n_epochs": "training: {length: {epochs: 20}}",
    "num_epochs": "training: {length: {epochs: 20}}",
    "max_epochs": "training: {length: {epochs: 20}}",
    "steps": "training: {length: {steps: 6000}}",
    "max_steps": "training: {length: {steps: 6000}}",
    "iterations": "training: {length: {steps: 6000}}",
    "batch": "training: {batch_size: 128}",
    "batchsize": "training: {batch_size: 128}",
    "batch_size": "training: {batch_size: 128}",
    "bs": "training: {batch_size: 128}",
    "length": "training: {length: {epochs: 20}}",
    "drop_remainder": "training: {last_batch: drop}",
    "last_batch": "training: {last_batch: drop}",
    # the update rule
    "lr": "training: {learning_rate: 0.1}",
    "eta": "training: {learning_rate: 0.1}",
    "rate": "training: {learning_rate: 0.1}",
    "learning_rate": "training: {learning_rate: 0.1}",
    "opt": "training: {optimizer: sgd}",
    "optim": "training: {optimizer: sgd}",
    "optimiser": "training: {optimizer: sgd}",
    "optimizer": "training: {optimizer: sgd}",
    "momentum": "training: {momentum: 0.9}",
    "beta1": "training: {optimizer: adam, beta_1: 0.9}",
    "beta2": "training: {optimizer: adam, beta_2: 0.999}",
    "betas": "training: {optimizer: adam, beta_1: 0.9, beta_2: 0.999}",
    "decay": "training: {weight_decay: 0.0001}",
    "l2": "training: {weight_decay: 0.0001}",
    "wd": "training: {weight_decay: 0.0001}",
    "weight_decay": "training: {weight_decay: 0.0001}",
    "scheduler": "training: {schedule: cosine}",
    "lr_schedule": "training: {schedule: cosine}",
    "lr_scheduler": "training: {schedule: cosine}",
    "learning_rate_schedule": "training: {schedule: cosine}",
    "cosine": "training: {schedule: cosine}",
    "schedule": "training: {schedule: cosine}",
    "milestones": "training: {schedule: {step: [0.7, 0.9], factor: 0.1}}",
    "gamma": "training: {schedule: {step: [0.7, 0.9], factor: 0.1}}",
    "warmup": "training: {warmup: 0.1}",
    "warmup_epochs": "training: {warmup: 0.1}",
    "warmup_steps": "training: {warmup: 0.1}",
    "early_stopping": "training: {early_stopping: {patience: 3}}",
    "patience": "training: {early_stopping: {patience: 3}}",
    "callbacks": "training: {early_stopping: {monitor: loss, patience: 3, restore: best}}",
    "restore_best_weights": "training: {early_stopping: {restore: best}}",
    "augment": "training: {augment: {flip: true, crop: 4}}",
    "augmentation": "training: {augment: {flip: true, crop: 4}}",
    "data_augmentation": "training: {augment: {flip: true, crop: 4}}",
    "label_smoothing": "training: {label_smoothing: 0.1}",
    "loss": "training: {loss: auto}",
    "loss_function": "training: {loss: auto}",
    "loss_fn": "training: {loss: auto}",
    "criterion": "training: {loss: auto}",
    # the network
    "type": "model: {type: mlp}",
    "architecture": "model: {type: mlp}",
    "network": "model: {type: mlp}",
    "depth": "model: {depth: 2}",
    "layers": "model: {depth: 2}",
    "n_layers": "model: {depth: 2}",
    "num_layers": "model: {depth: 2}",
    "hidden_layers": "model: {depth: 2}",
    "width": "model: {width: 128}",
    "units": "model: {width: 128}",
    "hidden": "model: {width: 128}",
    "hidden_units": "model: {width: 128}",
    "hidden_size": "model: {width: 128}",
    "hidden_dim": "model: {width: 128}",
    "neurons": "model: {width: 128}",
    "activation": "model: {activation: relu}",
    "activation_placement": "model: {activation_placement: before_norm}",
    "activation_function": "model: {activation: relu}",
    "dropout": "model: {dropout: 0.1}",
    "dropout_rate": "model: {dropout: 0.1}",
    "drop_rate": "model: {dropout: 0.1}",
    "normalisation": "model: {normalisation: batch}",
    "norm": "model: {normalisation: batch}",
    "normalization": "model: {normalisation: batch}",
    "batch_norm": "model: {normalisation: batch}",
    "batchnorm": "model: {normalisation: batch}",
    "use_batchnorm": "model: {normalisation: batch}",
    "bn_momentum": "model: {norm_momentum: 0.9}",
    "epsilon": "model: {norm_epsilon: 0.00001}",
    "kernel_init": "model: {kernel_initializer: he_normal}",
    "kernel_initializer": "model: {kernel_initializer: he_normal}",
    "gamma_initializer": "model: {gamma_initializer: ones}",
    "initializer": "model: {kernel_initializer: he_normal}",
    # a hypermodel of one's own
    "hp": "model: {hp: {units: 64}}",
    "hps": "model: {hp: {units: 64}}",
    "hparams": "model: {hp: {units: 64}}",
    "hyperparameters": "model: {hp: {units: 64}}",
    "args": "model: {args: {units: 64}}",
    "hypermodel": 'model: {hypermodel: "my_module:MyHyperModel"}',
    "build_model": 'model: {hypermodel: "my_module:build_model"}',
    # the data
    "dataset": "data: {name: digits}",
    "split_seed": "data: {split_seed: 1}",
    "validation": "data: {validation: 0.2}",
    "validation_split": "data: {validation: 0.2}",
    "validation_fraction": "data: {validation: 0.2}",
    "val_split": "data: {validation: 0.2}",
    "val_size": "data: {validation: 0.2}",
    "val": "data: {validation: 0.2}",
    "test": "data: {test: 0.2}",
    "test_split": "data: {test: 0.2}",
    "test_size": "data: {test: 0.2}",
    "test_fraction": "data: {test: 0.2}",
    # what is compared, and how it is judged
    "freeze": "arms: {frozen_norm: {train: all-batchnorm}}",
    "frozen": "arms: {frozen_norm: {train: all-batchnorm}}",
    "k": "arms: {random: {train: random, per_unit: 2}}",
    "percent": "arms: {random: {train: random, fraction: 0.05}}",
    "share": "arms: {random: {train: random, fraction: 0.05}}",
    "trainable": "arms: {full: {train: all}, bn_only: {train: batchnorm}}",
    "subset": "arms: {full: {train: all}, bn_only: {train: batchnorm}}",
    "sweep": "model: {width: {sweep: [64, 128]}}",
    "compare": "contrasts: [[bn_only, full]]",
    "comparisons": "contrasts: [[bn_only, full]]",
    "baseline": "contrasts: [[bn_only, full]]",
    "metric": "score: {metric: accuracy}",
    "metrics": "score: {metric: accuracy}",
    "monitor": "score: {metric: accuracy}",
    "objectives": "search: {objectives: [score, trained]}",
    "objective": "score: {metric: accuracy}",
    "mode": "score: {metric: accuracy}",
    "direction": "score: {metric: accuracy}",
    "directions": "search: {objectives: [score, trained]}",
    # the search
    "trials": "search: {trials: 16}",
    "n_trials": "search: {trials: 16}",
    "max_trials": "search: {trials: 16}",
    "num_trials": "search: {trials: 16}",
    "num_samples": "search: {trials: 16}",
    "max_evals": "search: {trials: 16}",
    "n_jobs": "search: {parallel: 4}",
    "parallel": "search: {parallel: 4}",
    "budget": "search: {budget: {minutes: 30}}",
    "timeout": "search: {budget: {minutes: 30}}",
    "time_limit": "search: {budget: {minutes: 30}}",
    "time": "search: {budget: {minutes: 30}}",
    "hours": "search: {budget: {minutes: 60}}",
    "seconds": "search: {budget: {minutes: 0.5}}",
    "algorithm": "search: {sampler: tpe}",
    "tuner": "search: {driver: keras_tuner, oracle: hyperband}",
    "driver": "search: {driver: optuna}",
    "oracle": "search: {driver: keras_tuner, oracle: hyperband}",
    "sampler": "search: {sampler: tpe}",
    "pruner": "search: {pruner: asha}",
    "n_startup_trials": "search: {sampler: {tpe: {startup_trials: 10}}}",
    "executions_per_trial": "search: {choose: {seeds: 3}}",
    "choose": "search: {choose: {top: 4, seeds: 3}}",
    "top": "search: {choose: {top: 4}}",
    "top_k": "search: {choose: {top: 4}}",
    "max_parameters": "search: {max_parameters: 10000}",
    "max_trained": "search: {max_trained: 1000}",
    "max_model_size": "search: {max_parameters: 10000}",
    # seeds
    "random_state": "seed: 0",
    "random_seed": "seed: 0",
    "seeds": "confirm: {seeds: 10}",
    "n_seeds": "confirm: {seeds: 10}",
    "repeats": "confirm: {seeds: 10}",
    "n_repeats": "confirm: {seeds: 10}",
    # where it trains
    "device": "engine: {devices: cpu}",
    "gpu": "engine: {devices: [0]}",
    "cuda": "engine: {devices: [0]}",
    "gpus": "engine: {devices: [0]}",
    "precision": "engine: {matmul: tf32}",
    "devices": "engine: {devices: cpu}",
    "lanes": "engine: {lanes: auto}",
    "backend": "engine: {backend: jax}",
}


def instead(seen: str, text: str = "") -> str:
    """'training: {length: {epochs: 20}}' for 'epochs'; nothing for names that are not listed.

    A number that was given by the same name, as its `text`, stands there in the example's place.
    """
    here = ELSEWHERE.get(plain(seen), "")
    found = CHAIN.fullmatch(here)
    if found is None or not plain(seen).endswith(found["key"]):
        return here
    number = WHOLE if WHOLE.fullmatch(found["value"]) else NUMBER
    if not (number.fullmatch(text) and number.fullmatch(found["value"])):
        return here
    return f"{found['sections']}{found['key']}: {text}{found['end']}"


def as_edit(here: str) -> str:
    """'training.length.epochs=20' for what `instead` gives; nothing where it sets several keys."""
    found = CHAIN.fullmatch(here)
    if found is None:
        return ""
    return f"{found['sections'].replace(': {', '.')}{found['key']}={found['value']}"
