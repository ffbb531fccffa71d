"""Which learning rates stand on one axis, and between which ends they were searched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpstudy.analysis.rates import Rates, rates
from hpstudy.analysis.record import read
from hpstudy.report import write
from hpstudy.store import Store
from tests.analysis import synthetic
from tests.analysis.hypermodels import own
from tests.analysis.synthetic import Options


def found(store: Store) -> tuple[Rates, ...]:
    record = read(store)
    assert record is not None
    return rates(record)


def two_optimizers(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """A hypermodel that asks for one of two rates, as its optimizer needs it."""
    rate = config["training.learning_rate"]
    kind = "sgd" if config["training.batch_size"] == 32 else "adam"
    return {"optimizer": kind, f"{kind}_rate": rate, "network": 1}


def test_each_rate_of_a_hypermodel_has_its_own_axis_and_range(tmp_path: Path) -> None:
    store = own(tmp_path, two_optimizers)
    told = found(store)
    assert {(one.cell.arm, one.name) for one in told} == {
        (arm, f"{kind}_rate") for arm in ("full", "bn_only") for kind in ("sgd", "adam")
    }
    for one in told:
        assert one.ends == (0.001, 30.0)
        for rate, run in one.trials:
            assert run["config"][f"model.hp.{one.name}"] == rate
    page = write(store.folder).read_text()
    section = page[page.index('id="search"') : page.index('id="curves"')]
    titles = re.findall(r'panel-title">(.*?)<', section)
    assert sorted(titles) == ["adam_rate", "sgd_rate"]
    for title in titles:
        assert f"{title} (bars: searched range)" in section


def test_a_hypermodels_only_rate_is_called_one(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"learning_rate": config["training.learning_rate"], "network": 1}

    given = {"float": [0.01, 10.0], "log": True, "step": None}
    told = found(own(tmp_path, asked, bn_only={"learning_rate": given}))
    assert [(one.name, one.ends) for one in told] == [
        ("learning rate", (0.001, 30.0)),
        ("learning rate", (0.01, 10.0)),
    ]


def test_a_rate_that_no_parameter_is_has_no_range(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"exponent": 0.5 * config["training.learning_rate"], "network": 1}

    assert {(one.name, one.ends) for one in found(own(tmp_path, asked))} == {
        ("learning rate", None)
    }


def test_rates_of_ours_are_told_by_optimizer_where_a_study_has_several(tmp_path: Path) -> None:
    plain = synthetic.write(tmp_path / "one", Options(depths=(1,), trials=4, arrays=False))
    assert {one.name for one in found(plain)} == {"learning rate"}
    changed = Store(tmp_path / "two")
    text = (plain.folder / "runs.jsonl").read_text().splitlines(keepends=True)
    lines = [
        line.replace('"training.optimizer": "sgd"', '"training.optimizer": "adam"')
        if '"arm": "full"' in line
        else line
        for line in text
    ]
    changed.write_text("runs.jsonl", "".join(lines))
    assert {(one.cell.arm, one.name) for one in found(changed)} == {
        ("full", "learning rate of adam"),
        ("bn_only", "learning rate of sgd"),
        ("random", "learning rate of sgd"),
    }


def test_a_range_from_zero_has_an_axis_that_holds_it(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"learning_rate": config["training.learning_rate"], "network": 1}

    given = {"float": [0.0, 10.0], "log": False, "step": None}
    page = write(own(tmp_path, asked, bn_only={"learning_rate": given}).folder).read_text()
    assert "learning rate (bars: searched range)" in page
