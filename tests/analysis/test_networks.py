"""Whether the networks of somebody's hypermodel differ: what was built decides, not its names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hpstudy.analysis.contrast import contrasts
from hpstudy.analysis.progress import missing
from hpstudy.analysis.record import StudyRecord, read
from hpstudy.analysis.verdict import verdict
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

RANGE = {"float": [0.001, 30.0], "log": True, "step": None}


def own(
    folder: Path, asked: Callable[[str, Mapping[str, Any]], dict[str, Any]], **given: Any
) -> Store:
    """A study of two arms as somebody's hypermodel leaves it.

    `asked` gives the `model.hp.` values of an arm's configuration, and under `network` what was
    built of them; `given` are parameters that the study file names.
    """
    pair = {"arms": ("full", "bn_only"), "contrasts": (("bn_only", "full"),), "depths": ()}
    store = synthetic.write(folder, Options(**pair))  # type: ignore[arg-type]
    lines = []
    for event in store.events():
        if event["event"] == "study":
            for cell in event["cells"]:
                cell["settings"] |= {"model.type": "own:Net"}
                cell["settings"] |= {f"model.hp.{name}": value for name, value in given.items()}
        if "config" in event:
            found = asked(event["cell"].split()[0], event["config"])
            config = {k: v for k, v in event["config"].items() if not k.startswith("model.")}
            config |= {"model.type": "own:Net", "model.network": str(found.pop("network"))}
            event["config"] = config | {f"model.hp.{name}": v for name, v in found.items()}
            if event["event"] == "run":
                late = ("weight",)
                space = [{"name": n, "range": RANGE, "built": n not in late} for n in found]
                event["discovery"] = {"space": space, "training": {}, "reason": None}
        lines.append(f"{json.dumps(event)}\n")
    store.write_text("runs.jsonl", "".join(lines))
    return store


def record(store: Store) -> StudyRecord:
    found = read(store)
    assert found is not None
    return found


def sentence(store: Store) -> str:
    (one,) = contrasts(record(store), store)
    return str(verdict(record(store), one))


def test_equal_networks_do_not_differ_whatever_was_asked_for(tmp_path: Path) -> None:
    store = own(tmp_path, lambda arm, c: {"speed": c["training.learning_rate"], "network": 1})
    assert "; same network (own:Net); " in sentence(store)


def test_a_rate_is_no_part_of_networks_that_differ(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        units = 64 if arm == "full" else 32
        # Keras keeps 32 bits of what it was given
        rate = config["training.learning_rate"] * (1 + 1e-8)
        batch = config["training.batch_size"]
        asked = {"units": units, "speed": rate, "batch_size": batch, "weight": units / 10}
        return {**asked, "network": units}

    told = sentence(own(tmp_path, asked))
    assert "; networks differ: bn_only uses own:Net, units 32, full own:Net, units 64; " in told


def test_a_rate_is_known_by_its_value_where_no_two_trials_built_one_network(
    tmp_path: Path,
) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        rate, batch = config["training.learning_rate"], config["training.batch_size"]
        units = round(1e9 * rate)
        return {"units": units, "speed": rate, "batch_size": batch, "network": units}

    told = sentence(own(tmp_path, asked))
    assert "networks differ: bn_only uses own:Net, units " in told
    network = told.partition("networks differ")[2].partition(";")[0]
    assert "speed" not in network and "batch size" not in network


def test_what_left_a_network_as_it_was_is_no_part_of_it(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        units = 64 if arm == "full" else 32
        # the base-ten exponent of a rate is the value of no training setting
        exponent = 0.5 * config["training.learning_rate"]
        return {"units": units, "exponent": exponent, "network": units}

    assert "bn_only uses own:Net, units 32, full own:Net, units 64; " in sentence(
        own(tmp_path, asked)
    )


def test_a_digest_of_shapes_alone_proves_no_networks_equal(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"activation": "relu" if arm == "full" else "tanh", "network": "shapes 1"}

    told = "networks differ: bn_only uses own:Net, activation tanh, full own:Net, activation relu"
    assert told in sentence(own(tmp_path, asked))


def test_a_list_that_the_study_gives_is_compared_as_any_value(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"kernel": [3, 3] if arm == "full" else [5, 5], "network": arm}

    assert "networks differ" in sentence(own(tmp_path, asked))


def test_networks_that_differ_in_all_that_is_known_are_told_so(tmp_path: Path) -> None:
    told = sentence(own(tmp_path, lambda arm, c: {"units": 8, "network": arm}))
    assert "networks differ" in told


def test_a_hypermodel_that_asks_for_nothing_is_told_so_too(tmp_path: Path) -> None:
    store = own(tmp_path, lambda arm, c: {"network": 1}, units=8)
    assert "bn_only's hypermodel never asked for units" in sentence(store)


def test_a_parameter_that_nobody_asked_for_is_told(tmp_path: Path) -> None:
    store = own(tmp_path, lambda arm, c: {"units": 8, "network": 1}, units=8, unitz=9)
    told = "bn_only's hypermodel never asked for unitz, which the study gives"
    assert told in sentence(store)
    assert missing(record(store)) == tuple(
        f"{arm}: none of 16 trials asked for model.hp.unitz, which the study gives"
        for arm in ("full", "bn_only")
    )
