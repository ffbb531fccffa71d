"""One list of configurations for every peer, whose start stands for all of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from hpstudy.bench.configurations import configurations
from hpstudy.bench.peers import PEERS
from hpstudy.bench.peers.job import Job
from hpstudy.bench.peers.listed import listed
from hpstudy.bench.studies import STUDIES
from hpstudy.search.driver import Outcome
from hpstudy.search.window import CellSearch


@pytest.mark.parametrize("name", STUDIES)
def test_a_shorter_list_begins_a_longer_one(name: str) -> None:
    study = STUDIES[name]
    whole = configurations(study, study.trials)
    assert len(set(whole)) == len({one.learning_rate for one in whole}) == study.trials
    assert configurations(study, 5) == whole[:5]


@pytest.mark.parametrize("name", ["small", "full"])
def test_half_train_batchnorm_and_all_shapes_come_equally_often(name: str) -> None:
    study = STUDIES[name]
    whole = configurations(study, study.trials)
    assert Counter(one.subset for one in whole) == dict.fromkeys(study.subsets, study.trials / 2)
    for field in ("depth", "width", "batch_size"):
        counted = Counter(getattr(one, field) for one in whole[:9])
        assert set(counted.values()) == {3}
    low, high = study.rates
    assert all(low <= one.learning_rate <= high for one in whole)


def test_seed_trains_each_subset_at_each_depth_once() -> None:
    whole = configurations(STUDIES["seed"], 9)
    assert len({(one.subset, one.depth) for one in whole}) == 9
    assert {(one.width, one.batch_size) for one in whole} == {(784, 128)}


def test_every_peer_is_told_the_same_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = STUDIES["small"].quick()
    chosen = configurations(study, study.trials)
    for name, peer in PEERS.items():
        job = Job(study, chosen, tmp_path / name, tmp_path / "cache", peer.options)
        monkeypatch.setattr("sys.argv", [peer.module, str(job.write())])
        assert Job.read() == job
    told = [json.loads((tmp_path / name / "job.json").read_text()) for name in PEERS]
    assert all(one["configurations"] == told[0]["configurations"] for one in told)


@pytest.mark.parametrize("name", STUDIES)
def test_hpstudy_searches_exactly_the_list(name: str, tmp_path: Path) -> None:
    study = STUDIES[name]
    chosen = configurations(study, study.trials)
    found = []
    for cell in listed(study, chosen, tmp_path).cells:
        search = CellSearch(cell, True, lambda config: 1)
        while (trial := search.next()) is not None:
            assert trial.same_as is None
            search.finish(trial.number, Outcome("finished", 0.5))
            config = trial.config
            found.append(
                (
                    cell.arm,
                    config["model.depth"],
                    config["model.width"],
                    config["training.batch_size"],
                    config["training.learning_rate"],
                )
            )
        assert search.done
    assert sorted(found) == sorted(tuple(vars(one).values()) for one in chosen)
