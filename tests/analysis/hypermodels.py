"""A study's folder as somebody's hypermodel leaves it, without training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options

RANGE = {"float": [0.001, 30.0], "log": True, "step": None}


def own(
    folder: Path, asked: Callable[[str, Mapping[str, Any]], dict[str, Any]], **given: Any
) -> Store:
    """A study of two arms as somebody's hypermodel leaves it.

    `asked` gives the `model.hp.` values of an arm's configuration, and under `network` what was
    built of them; `given` are parameters that the study file names, for an arm under its name.
    """
    arms = ("full", "bn_only")
    pair = {"arms": arms, "contrasts": (("bn_only", "full"),), "depths": ()}
    store = synthetic.write(folder, Options(**pair))  # type: ignore[arg-type]
    shared = {name: value for name, value in given.items() if name not in arms}
    lines = []
    for event in store.events():
        if event["event"] == "study":
            for cell in event["cells"]:
                said = {**shared, **given.get(cell["arm"], {})}
                cell["settings"] = {
                    key: value
                    for key, value in cell["settings"].items()
                    if not isinstance(value, dict)
                }
                cell["settings"] |= {"model.type": "own:Net", "model.code": "own.py 0a, kt 1.4"}
                cell["settings"] |= {f"model.hp.{name}": value for name, value in said.items()}
        if "config" in event:
            arm = event["cell"].split()[0]
            said = {**shared, **given.get(arm, {})}
            found = asked(arm, event["config"])
            config = {k: v for k, v in event["config"].items() if not k.startswith("model.")}
            config |= {"model.type": "own:Net", "model.network": str(found.pop("network"))}
            event["config"] = config | {f"model.hp.{name}": v for name, v in found.items()}
            event["params"] = {
                f"model.hp.{name}": v for name, v in found.items() if name not in said
            }
            if event["event"] == "run":
                event["discovery"] = {"space": _space(found, said), "training": {}, "reason": None}
        lines.append(f"{json.dumps(event)}\n")
    store.write_text("runs.jsonl", "".join(lines))
    return store


def _space(found: Mapping[str, Any], said: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was asked for; 'weight' after the network was built, and what is given has no range."""
    return [
        {"name": name, "range": None if name in said else RANGE, "built": name != "weight"}
        for name in found
    ]
