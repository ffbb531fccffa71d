"""Whether the networks of somebody's hypermodel differ: what was built decides, not its names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hpstudy import terminal
from hpstudy.analysis import claims
from hpstudy.analysis.contrast import contrasts
from hpstudy.analysis.progress import missing
from hpstudy.analysis.record import StudyRecord, read
from hpstudy.analysis.verdict import verdict
from hpstudy.report import write
from hpstudy.store import Store
from tests.analysis.hypermodels import own


def record(store: Store) -> StudyRecord:
    found = read(store)
    assert found is not None
    return found


def sentence(store: Store) -> str:
    (one,) = contrasts(record(store), store)
    return str(verdict(record(store), one))


def test_equal_networks_do_not_differ_whatever_was_asked_for(tmp_path: Path) -> None:
    store = own(tmp_path, lambda arm, c: {"speed": c["training.learning_rate"], "network": 1})
    assert "; same network (own:Net)." in sentence(store)


def test_a_rate_is_no_part_of_networks_that_differ(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        units = 64 if arm == "full" else 32
        # Keras keeps 32 bits of what it was given
        rate = config["training.learning_rate"] * (1 + 1e-8)
        batch = config["training.batch_size"]
        asked = {"units": units, "speed": rate, "batch_size": batch, "weight": units / 10}
        return {**asked, "network": units}

    told = sentence(own(tmp_path, asked))
    assert "; networks differ: bn_only has units 32, full has units 64" in told


def test_a_rate_is_known_by_its_value_where_no_two_trials_built_one_network(
    tmp_path: Path,
) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        rate, batch = config["training.learning_rate"], config["training.batch_size"]
        units = round(1e9 * rate)
        return {"units": units, "speed": rate, "batch_size": batch, "network": units}

    told = sentence(own(tmp_path, asked))
    assert "networks differ: bn_only has units " in told
    network = told.partition("networks differ")[2].partition(";")[0]
    assert "speed" not in network and "batch size" not in network


def test_what_left_a_network_as_it_was_is_no_part_of_it(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        units = 64 if arm == "full" else 32
        # the base-ten exponent of a rate is the value of no training setting
        exponent = 0.5 * config["training.learning_rate"]
        return {"units": units, "exponent": exponent, "network": units}

    assert "bn_only has units 32, full has units 64" in sentence(own(tmp_path, asked))


def test_a_digest_of_shapes_alone_proves_no_networks_equal(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"activation": "relu" if arm == "full" else "tanh", "network": "shapes 1"}

    told = "networks differ: bn_only has activation tanh, full has activation relu"
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


def test_one_network_is_told_alike_where_an_arm_fixes_a_value(tmp_path: Path) -> None:
    def asked(arm: str, config: Mapping[str, Any]) -> dict[str, Any]:
        return {"units": 8, "layers": 2, "network": 1}

    store = own(tmp_path, asked, bn_only={"units": 8})
    told = "; same network (own:Net, layers 2, units 8)."
    assert told in sentence(store)
    (line,) = (one for one in terminal.outcome(claims(store.folder)) if one.startswith("bn_only "))
    assert line.endswith("units 8 (fixed), layers 2")
    page = write(store.folder).read_text()
    rows = page[page.index("The settings that each search chose") :].partition("</table>")[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", rows)
    assert cells == ["full", "2", "8", "bn_only", "2", "(8)"]
    assert "In brackets: fixed there, not searched." in rows
