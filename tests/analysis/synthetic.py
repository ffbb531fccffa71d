"""Writes a study's folder as a real study would leave it, from a few options and no training."""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from hpstudy.spec.seeds import seeds
from hpstudy.store import Store

QUESTION = (
    "Does training only BatchNorm's gamma and beta come near full training, and at what depth?"
)
RATES = {"full": (0.001, 1.0), "bn_only": (0.01, 30.0), "random": (0.01, 30.0)}
BEST_RATE = {"full": 0.08, "bn_only": 3.0, "random": 4.0}
# their interval excludes zero, yet 6 of 64 sign patterns reach such a mean
AT_ODDS = (0.001, 0.030, 0.031, 0.029, 0.032, -0.002)
CEILING = {"full": 0.955, "bn_only": 0.93, "random": 0.915}


@dataclass(frozen=True)
class Options:
    """What the synthetic study looks like; the defaults give a finished study without surprises."""

    name: str = "mlp_bn"
    question: str = QUESTION
    arms: tuple[str, ...] = ("full", "bn_only", "random")
    contrasts: tuple[tuple[str, str], ...] = (("bn_only", "full"), ("bn_only", "random"))
    depths: tuple[int, ...] = (1, 3)
    extra_axis: Mapping[str, Sequence[int]] = field(default_factory=dict)
    trials: int = 16
    choose: int = 3
    confirm: int = 10
    planned: int | None = None
    epochs: int = 20
    test: int = 1000
    task: str = "classification"
    metric: str = "accuracy"
    stop_after: str = "confirm"
    diverged_confirm: Sequence[tuple[str, int]] = ()
    failed_confirm: Sequence[tuple[str, int]] = ()
    failed_trials: Sequence[int] = ()
    dead_cells: Sequence[str] = ()
    looks: Sequence[tuple[int, int]] = ()
    generations: Mapping[str, int] = field(default_factory=dict)
    widths: Mapping[str, int] = field(default_factory=dict)
    offsets: Mapping[str, float] = field(default_factory=dict)
    per_doubling: float = 0.0
    rising: bool = False
    arrays: bool = True
    fixed_rate: bool = False
    searched: Sequence[str] = ()
    dead: Mapping[str, int] = field(default_factory=dict)
    moving: Mapping[str, Sequence[tuple[float, int]]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


def write(folder: Path, options: Options | None = None) -> Store:
    """A store with every event, curve and array that the options imply."""
    return _Writer(folder, options or Options()).write()


def paired(folder: Path, gaps: Mapping[int, Sequence[float]]) -> Store:
    """A study where at depth d the confirm run i of bn_only scores gaps[d][i] above the others."""
    (seeds,) = {len(each) for each in gaps.values()}
    options = Options(depths=tuple(gaps), trials=6, confirm=seeds, arrays=False)
    events = list(write(folder / "whole", options).events())
    for event in events:
        if event.get("phase") == "confirm":
            own = gaps[event["point"]["model.depth"]][event["seed_index"]]
            event["metrics"]["test_accuracy"] = 0.9 + (own if event["arm"] == "bn_only" else 0.0)
    changed = Store(folder / "changed")
    changed.write_text("runs.jsonl", "".join(f"{json.dumps(event)}\n" for event in events))
    return changed


class _Writer:
    def __init__(self, folder: Path, options: Options) -> None:
        self.options = options
        self.store = Store(folder)
        self.tick = 0
        self.events: list[dict[str, Any]] = []
        generator = np.random.Generator(np.random.Philox(7))
        self.labels = generator.integers(0, 10, options.test)
        self.targets = generator.normal(0, 1, (options.test, 1)).astype(np.float32)

    def write(self) -> Store:
        cells = self._cells()
        self._append(self._study(cells))
        for cell in cells:
            self._cell(cell)
        # at once, not event by event: flushing each to disk is the coordinator's business
        self.store.write_text("runs.jsonl", "".join(f"{json.dumps(e)}\n" for e in self.events))
        return self.store

    def _append(self, event: Mapping[str, Any]) -> None:
        self.tick += 1
        clock = f"2026-03-01T10:{self.tick // 60 % 60:02d}:{self.tick % 60:02d}+00:00"
        self.events.append({**event, "time": clock})

    def _cells(self) -> list[dict[str, Any]]:
        options, cells = self.options, []
        for arm in options.arms:
            for depth in options.depths or (2,):
                for extra in options.extra_axis.get(arm, (None,)):
                    point = {"model.depth": depth} if options.depths else {}
                    if extra is not None:
                        point["subset.per_unit"] = extra
                    words = (f"{k.rsplit('.', 1)[-1]}={v}" for k, v in sorted(point.items()))
                    cells.append(self._declare(" ".join([arm, *words]), arm, point, depth, extra))
        return cells

    def _declare(
        self, name: str, arm: str, point: dict[str, Any], depth: int, extra: int | None
    ) -> dict[str, Any]:
        low, high = RATES.get(arm, (0.01, 30.0))
        rate: Any = {"float": [low, high], "log": True, "step": None}
        train = {"full": "all", "random": "random"}.get(arm, "batchnorm")
        settings = {
            "model.type": "mlp",
            "model.depth": depth,
            "model.width": self.options.widths.get(arm, 128),
            "model.activation": "relu",
            **({"model.norm_epsilon": 1e-5} if self.options.dead else {}),
            "training.length.epochs": self.options.epochs,
            "training.batch_size": {"choice": [32, 64, 128], "branches": {}},
            "training.optimizer": "sgd",
            "training.momentum": 0.9,
            "training.learning_rate": BEST_RATE["full"] if self.options.fixed_rate else rate,
            "training.schedule": "step",
            "training.schedule.at": [0.7, 0.9],
            **{key: {"float": [0.0, 1.0]} for key in self.options.searched},
            "subset.train": train,
            **({"subset.per_unit": extra} if extra is not None else {}),
            **({"subset.match": "batchnorm"} if arm == "random" and extra is None else {}),
        }
        search = {"driver": "optuna", "sampler": "tpe", "pruner": "asha", "parallel": 4, "seed": 1}
        search |= {"trials": self.options.trials, "choose_top": 4}
        search |= {"choose_seeds": self.options.choose}
        return {"name": name, "arm": arm, "point": point, "settings": settings, "search": search}

    def _study(self, cells: list[dict[str, Any]]) -> dict[str, Any]:
        options = self.options
        regression = options.task == "regression"
        shape = {"input_shape": [10] if regression else [28, 28, 1], "task": options.task}
        data = {"name": "diabetes" if regression else "mnist_5k", "validation": 0.2, "test": 0.2}
        data |= {"split_seed": 1, "options": {}, "fingerprint": "c0ffee5eed15900d"}
        data |= {"examples": [3000, 1000, options.test], "target_scale": 1.0}
        data |= {"shape": {**shape, "outputs": 1 if regression else 10}}
        maximise = options.metric in ("accuracy", "r2")
        return {
            "event": "study",
            "name": options.name,
            "question": options.question,
            "text": options.texts.get("study", f"# {options.question}\nname: {options.name}\n"),
            "data": data,
            "score": {"metric": options.metric, "at": "last", "maximise": maximise},
            "cells": cells,
            "arms": list(options.arms),
            "contrasts": [list(pair) for pair in options.contrasts],
            "confirm_seeds": options.planned or options.confirm,
            "seed": 0,
            "versions": {"hpstudy": "0.1.0", "jax": "0.10.2", "keras": "3.15.1", "python": "3.11"},
            "constant_score": 0.114 if not regression else 0.0,
        }

    def _cell(self, cell: dict[str, Any]) -> None:
        options, name = self.options, cell["name"]
        last = options.generations.get(cell["arm"], 1)
        for generation in range(1, last + 1):
            why = "range of training.learning_rate changed" if generation > 1 else "first"
            event = {"event": "generation", "cell": name, "generation": generation, "reason": why}
            self._append(event)
            self._search(cell, generation, options.trials if generation == last else 4)
        if options.stop_after == "search" or name in options.dead_cells:
            return
        looks = options.looks or ((options.trials, options.confirm),)
        for number, (trials, confirm) in enumerate(looks, start=1):
            ranked = self._choose(cell, last, trials)
            pick = ranked[0]["trial"]
            params, config = self._config(cell, pick)
            choice = {"event": "choice", "cell": name, "generation": last, "trials": trials}
            choice |= {"ranked": ranked, "trial": pick, "config": config, "params": params}
            self._append(choice)
            if options.stop_after == "choose":
                return
            for index in range(confirm):
                self._confirm(cell, last, pick, index)
            look = {"event": "look", "cell": name, "generation": last, "trials": trials}
            self._append({**look, "trial": pick, "seeds": confirm, "look": number})

    def _config(self, cell: dict[str, Any], trial: int) -> tuple[dict[str, Any], dict[str, Any]]:
        generator = _generator(cell["name"], "trial", trial)
        params: dict[str, Any] = {}
        config = dict(cell["settings"])
        rate = config["training.learning_rate"]
        if isinstance(rate, dict):
            low, high = (math.log(end) for end in rate["float"])
            value = math.exp(generator.uniform(low, high))
            if trial >= 4:
                value = BEST_RATE.get(cell["arm"], 1.0) * math.exp(generator.normal(0, 0.8))
            params["training.learning_rate"] = min(max(value, rate["float"][0]), rate["float"][1])
        params |= dict.fromkeys(self.options.searched, 0.12345)
        params["training.batch_size"] = int(generator.choice([32, 64, 128]))
        return params, {**config, **params}

    def _quality(self, cell: dict[str, Any], config: dict[str, Any]) -> float:
        distance = math.log10(config["training.learning_rate"] / BEST_RATE.get(cell["arm"], 1.0))
        ceiling = CEILING.get(cell["arm"], 0.9) + self.options.offsets.get(cell["arm"], 0.0)
        ceiling += self.options.per_doubling * math.log2(config.get("subset.per_unit", 1))
        return ceiling + 0.006 * math.log2(config["model.depth"]) - 0.02 * distance**2

    def _search(self, cell: dict[str, Any], generation: int, trials: int) -> None:
        for trial in range(trials):
            params, config = self._config(cell, trial)
            status = "finished"
            if trial in self.options.failed_trials or cell["name"] in self.options.dead_cells:
                status = "failed"
            elif config["training.learning_rate"] > 0.8 * RATES.get(cell["arm"], (0, 30.0))[1]:
                status = "diverged"
            elif trial % 5 == 4:
                status = "pruned"
            self._run(cell, generation, "search", trial, 0, params, config, status)

    def _choose(self, cell: dict[str, Any], generation: int, trials: int) -> list[dict[str, Any]]:
        scored = []
        for trial in range(trials):
            params, config = self._config(cell, trial)
            if trial % 5 == 4 or trial in self.options.failed_trials:
                continue
            if config["training.learning_rate"] <= 0.8 * RATES.get(cell["arm"], (0, 30.0))[1]:
                scored.append((self._score(cell, config, "search", 0), trial, params, config))
        ranked = []
        sign = 1 if self.options.metric in ("accuracy", "r2") else -1
        for _, trial, params, config in sorted(scored, key=lambda s: -sign * s[0])[:4]:
            scores = [self._score(cell, config, "choose", i) for i in range(self.options.choose)]
            for index in range(self.options.choose):
                self._run(cell, generation, "choose", trial, index, params, config, "finished")
            mean = float(np.mean(scores))
            ranked.append(
                {"trial": trial, "mean": mean, "scores": scores, "diverged": 0, "failed": 0}
            )
        return sorted(ranked, key=lambda one: -sign * one["mean"])

    def _confirm(self, cell: dict[str, Any], generation: int, trial: int, index: int) -> None:
        params, config = self._config(cell, trial)
        status = "finished"
        if (cell["arm"], index) in self.options.diverged_confirm:
            status = "diverged"
        if (cell["arm"], index) in self.options.failed_confirm:
            status = "failed"
        self._run(cell, generation, "confirm", trial, index, params, config, status)

    def _score(self, cell: dict[str, Any], config: dict[str, Any], phase: str, seed: int) -> float:
        shared = _generator("seed", phase, seed).normal(0, 0.003)
        own = _generator(cell["name"], phase, seed).normal(0, 0.002)
        return self._in_metric(self._quality(cell, config) + float(shared + own))

    def _in_metric(self, quality: float) -> float:
        return quality if self.options.metric in ("accuracy", "r2") else 4 * (1 - quality)

    def _run(
        self,
        cell: dict[str, Any],
        generation: int,
        phase: str,
        trial: int,
        index: int,
        params: dict[str, Any],
        config: dict[str, Any],
        status: str,
    ) -> None:
        options, metric = self.options, self.options.metric
        words = f"{cell['name']}/{generation}/{phase}/{trial}/{index}/{config}"
        run = hashlib.sha256(words.encode()).hexdigest()[:16]
        score = self._score(cell, config, phase, index)
        epochs = {"pruned": 5, "diverged": 3, "failed": 0}.get(status, options.epochs)
        metrics: dict[str, float] = {}
        if status != "failed":
            curves = self._curves(score, epochs, config["training.learning_rate"])
            self._save(f"curves/{run}.npz", curves)
            metrics = {"train_loss": 0.1, f"train_{metric}": min(score + 0.02, 1.0)}
            metrics |= {"loss": 0.2, metric: score}
        if phase == "confirm" and status == "finished":
            metrics |= self._test(cell, run, score)
        if phase == "confirm" and status == "diverged":
            metrics |= {"test_loss": 2.3, f"test_{metric}": 0.114}
        reason = {
            "diverged": "loss was nan at epoch 3",
            "failed": options.texts.get("traceback", "Traceback (most recent call last):\nOops"),
        }.get(status)
        final = {"finished": score, "diverged": 0.114 if phase == "confirm" else None}
        event = {"event": "run", "run": run, "cell": cell["name"], "arm": cell["arm"]}
        event |= {"point": cell["point"], "generation": generation, "phase": phase}
        event |= {"trial": trial, "seed_index": index, "seeds": seeds(0, phase, index)}
        event |= {"params": params, "config": config, "status": status, "reason": reason}
        event |= {"score": final.get(status), "scored_epoch": epochs, "metrics": metrics}
        event |= {"epochs": epochs, "rungs": {"5": 0.6 * score} if status == "pruned" else {}}
        event |= {"seconds": {"total": 0.5 + self.tick % 7 / 10, "compile": 0.1}}
        event |= {"counts": self._counts(cell, config), "program": "a1b2c3d4e5f60718"}
        event |= {"numerics": {"backend": "jax", "device": "cpu", "precision": "float32"}}
        if phase == "confirm" and cell["arm"] in options.moving:
            ways = options.moving[cell["arm"]]
            momentum, steps = ways[index % len(ways)]
            event["moving"] = {"momentum": momentum, "steps": steps}
        self._append({**event, "same_as": None})

    def _counts(self, cell: dict[str, Any], config: dict[str, Any]) -> dict[str, int]:
        depth, width = config["model.depth"], config["model.width"]
        total = 784 * width + (depth - 1) * width**2 + 2 * depth * width + 10 * width + 10
        trained = {"full": total}.get(cell["arm"], 2 * depth * width)
        if "subset.per_unit" in config:
            trained = config["subset.per_unit"] * depth * width
        return {"trained": trained, "frozen": total - trained, "total": total}

    def _curves(self, score: float, epochs: int, rate: float) -> dict[str, Any]:
        epoch = np.arange(1, epochs + 1)
        pace = 0.02 if self.options.rising else 0.45
        floor = self._in_metric(0.3)
        shape = (1 - np.exp(-pace * epoch)) / (1 - math.exp(-pace * self.options.epochs))
        wobble = 0 if self.options.rising else 0.002 * np.sin(epoch * 2.1 + score * 999)
        values = floor + (score - floor) * shape + wobble
        metric = self.options.metric
        curves = {"epoch": epoch, "train_loss": 2 * np.exp(-0.3 * epoch), metric: values}
        curves |= {f"train_{metric}": values + 0.02 * (score - floor) / abs(score - floor)}
        return {**curves, "loss": 0.2 + np.exp(-0.3 * epoch), "learning_rate": epoch * 0 + rate}

    def _test(self, cell: dict[str, Any], run: str, score: float) -> dict[str, float]:
        options = self.options
        if options.task == "regression":
            noise = _generator(run).normal(0, 0.6, self.targets.shape).astype(np.float32)
            outputs, labels = self.targets + noise, self.targets
            squared = float(np.mean(noise.astype(np.float64) ** 2))
            r2 = 1 - squared / float(np.var(self.targets))
            metrics = {"test_loss": squared, "test_mse": 9.0 * squared, "test_r2": r2}
            metrics["test_mae"] = float(np.mean(np.abs(noise)))
        else:
            # Hard examples are hard for every arm, as in real data: draw difficulty once.
            hardness = _generator("hard").random(options.test)
            wrong = hardness + _generator(run).normal(0, 0.02, options.test) > score - 0.002
            outputs = np.zeros((options.test, 10), np.float32)
            predicted = np.where(wrong, (self.labels + 1) % 10, self.labels)
            outputs[np.arange(options.test), predicted] = 4.0
            metrics = {"test_loss": 0.25, "test_accuracy": float(np.mean(~wrong))}
            labels = self.labels
        if options.arrays:
            values = {"initial/norm_0/gamma": np.ones(4, np.float32)}
            values |= {"final/norm_0/gamma": np.full(4, 0.9, np.float32)}
            variances = np.ones(32, np.float32)
            variances[: options.dead.get(cell["arm"], 0)] = 1e-7
            values |= {"final/norm_0/moving_variance": variances}
            values |= {"test_outputs": outputs, "test_labels": labels}
            self._save(f"arrays/{run}.npz", values)
        return metrics

    def _save(self, name: str, values: Mapping[str, Any]) -> None:
        content = io.BytesIO()
        np.savez(content, **values)
        self.store.write_bytes(name, content.getvalue())


def _generator(*words: object) -> np.random.Generator:
    digest = hashlib.sha256("/".join(str(word) for word in words).encode()).digest()
    return np.random.Generator(np.random.Philox(int.from_bytes(digest[:8], "big")))
