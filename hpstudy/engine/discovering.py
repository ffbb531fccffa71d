"""What a trial of somebody else's hypermodel is: built and met by a worker, and not trained."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from hpstudy.engine import holding, outputs
from hpstudy.engine.architecture import network
from hpstudy.engine.captured import Call
from hpstudy.engine.job import Probe
from hpstudy.engine.preparing import BATCH_SIZE, EPOCHS, STEPS, Sample, met, options, reads
from hpstudy.hypermodels import foreign
from hpstudy.hypermodels.asking import AskingHyperParameters
from hpstudy.spec.declarations import DataShape
from hpstudy.spec.foreign import BATCH, HP, LEFT, NETWORK, compiles
from hpstudy.spec.registered import Registered
from hpstudy.spec.space import Scalar
from hpstudy.subsets.keras import tensors
from hpstudy.subsets.rules import Rule, count
from hpstudy.tracebacks import told


def discover(
    probe: Probe, ask: Callable[[Registered], Scalar], shape: DataShape, sample: Sample
) -> dict[str, Any]:
    """What building and fitting a trial's hypermodel tells, as plain data; nothing is trained.

    `ask` answers each parameter when it is first met. What is raised is a `reason`, and settings
    that both the study file and the hypermodel decide are listed as `collisions`. There are
    `tensors` of the network once it is built, whatever is then found wrong with it.
    """
    config = dict(probe.config)

    def answer(asked: Registered) -> Scalar:
        value = config[f"{HP}{asked.name}"] = ask(asked)
        return value

    found: dict[str, Any] = {"training": {}, "counts": {}, "collisions": [], "reason": None}
    try:
        made = foreign.hypermodel(config)
        hp = AskingHyperParameters(answer)
        init = probe.seeds["initialisation"]
        model, call = met(made, hp, config, init, shape, sample)
        table = tensors(model)
        found["tensors"] = [asdict(one) for one in table]
        outputs.check(model, call, sample.x, shape, config)
        reads(made, model, call, config, init, shape, sample)
        training, collisions = _decided(model, call, config, shape, sample.examples)
        counts = count(Rule.from_config(config), table)
        found |= {"training": training, "collisions": collisions}
        found["counts"] = {
            "trained": counts.trained,
            "frozen": counts.frozen,
            "total": counts.total,
        }
        if not counts.trained and config["subset.train"] != "none":
            train = config["subset.train"]
            found["reason"] = f"train: {train!r} trains nothing in this network"
    except (Exception, SystemExit) as error:
        found["reason"] = told(traceback.format_exc())
        found["collisions"] = _twice(error, config)
    return found


def _decided(
    model: Any, call: Call | None, config: Mapping[str, Any], shape: DataShape, examples: int
) -> tuple[dict[str, Any], list[str]]:
    """Settings that the hypermodel decides, and those that the study file gives all the same."""
    given = call.options if call is not None else {}
    found: dict[str, Any] = {LEFT: [], NETWORK: network(model, shape)}
    collisions: list[str] = []
    usual = {BATCH: ("batch_size", BATCH_SIZE), EPOCHS: ("epochs", 1)}
    if STEPS in config:
        del usual[EPOCHS]
        if call is None or given.get("epochs") != options(config, examples)["epochs"]:
            collisions.append(STEPS)
    for key, (name, value) in usual.items():
        taken = given.get(name) or config.get(key) or value
        if key not in config:
            found[LEFT].append(name)
        elif taken != config[key]:
            collisions.append(key)
        found[key] = int(taken)
    if model.compiled:
        collisions += compiles(config)
        found |= holding.optimizer(model) or _other_optimizer(model)
        named = holding.loss_name(model.loss) or getattr(model.loss, "__name__", "its own")
        found |= holding.loss(model) or {"training.loss": str(named)}
    elif shape.task == "classification" and config.get("training.loss", "auto") == "auto":
        found["training.loss"] = "auto"
        if holding.ends_in_softmax(model):
            found["training.loss"] = holding.PROBABILITIES
    return found, collisions


def _other_optimizer(model: Any) -> dict[str, Any]:
    rate = holding.settings(model.optimizer).get("learning_rate")
    if not isinstance(rate, float):
        given = model.optimizer.learning_rate
        rate = float(getattr(given, "value", given))
    return {
        "training.optimizer": type(model.optimizer).__name__.lower(),
        "training.learning_rate": rate,
    }


def _twice(error: BaseException, config: Mapping[str, Any]) -> list[str]:
    """Arguments that both the study and the hypermodel's `fit` hand to `model.fit`."""
    text = str(error)
    if not isinstance(error, TypeError) or "multiple values for keyword argument" not in text:
        return []
    names = (("batch_size", BATCH), ("epochs", EPOCHS), ("epochs", STEPS))
    return [key for name, key in names if f"'{name}'" in text and key in config]
