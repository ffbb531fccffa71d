"""What kind of arm an arm is."""

from __future__ import annotations

import json
from pathlib import Path

from hpstudy.analysis.record import read
from hpstudy.analysis.rules import rules
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.synthetic import Options


def found(folder: Path, full: str, bn_only: str) -> dict[str, str]:
    pair = Options(arms=("full", "bn_only"), contrasts=(), depths=(1, 3), confirm=1, trials=2)
    whole, changed = synthetic.write(folder / "whole", pair), Store(folder / "changed")
    lines = []
    for event in whole.events():
        if event["event"] == "study":
            for cell in event["cells"]:
                cell["settings"]["subset.train"] = full if cell["arm"] == "full" else bn_only
            event["cells"][3]["settings"]["subset.train"] = bn_only.partition(" ")[0]
        lines.append(f"{json.dumps(event)}\n")
    changed.write_text("runs.jsonl", "".join(lines))
    record = read(changed)
    assert record is not None
    return rules(record)


def test_an_arm_is_of_the_kind_of_its_rule(tmp_path: Path) -> None:
    assert found(tmp_path, "all", "gamma+output") == {"full": "all", "bn_only": "gamma+output"}


def test_a_rule_that_is_swept_makes_no_kind(tmp_path: Path) -> None:
    assert found(tmp_path, "all", "batchnorm or so")["bn_only"] == ""


def test_a_hypermodel_that_trains_everything_is_trained_in_full(tmp_path: Path) -> None:
    told = found(tmp_path, "as_built", "as_built")
    # bn_only's runs train some of their parameters
    assert told == {"full": "all", "bn_only": "as_built"}
