"""Epochs of given networks, timed one by one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hpstudy.bench.abreast import abreast
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.epochs import epochs
from hpstudy.bench.studies import STUDIES


def test_every_network_is_compiled_and_its_epochs_timed(tmp_path: Path) -> None:
    study = replace(STUDIES["small"].quick(), epochs=3)
    chosen = [Configuration(subset, 2, 16, 128, 0.01) for subset in ("all", "batchnorm")]
    found = dict(epochs(study, chosen, tmp_path / "epochs"))
    assert list(found) == chosen
    assert all(one.epoch > 0 and one.compile > 0 for one in found.values())


def test_copies_of_a_network_train_on_all_cores_at_once(tmp_path: Path) -> None:
    study = STUDIES["seed"].quick()
    chosen = [Configuration(subset, 2, 16, 128, 0.01) for subset in study.subsets]
    found = dict(abreast(study, chosen, tmp_path / "runs"))
    assert list(found) == chosen
    assert all(seconds > 0 for seconds in found.values())
