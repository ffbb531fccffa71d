"""Which peers race, and the networks that they train."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from hpstudy.bench import peers
from hpstudy.bench.configurations import Configuration
from hpstudy.bench.peers.model import compiled
from hpstudy.errors import HpstudyError, MissingPackage


def test_a_warm_run_brings_the_cold_one_that_fills_its_cache() -> None:
    found, _ = peers.chosen(["hpstudy-warm", "optuna-jax"])
    assert [peer.name for peer in found] == ["optuna-jax", "hpstudy-cold", "hpstudy-warm"]


def test_an_unknown_peer_is_told_the_nearest_name() -> None:
    with pytest.raises(HpstudyError, match="optuna-jax"):
        peers.chosen(["optuna-jaxx"])


def test_a_peer_that_cannot_run_tells_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    there = peers.find_spec
    monkeypatch.setattr(peers, "find_spec", lambda n: None if n == "tensorboard" else there(n))
    found, notes = peers.chosen(None)
    assert "keras_tuner-tensorflow" not in [peer.name for peer in found]
    assert notes == [
        "keras_tuner-tensorflow is left out; to have it: pip install tensorboard",
    ]
    with pytest.raises(MissingPackage, match="pip install tensorboard"):
        peers.chosen(["keras_tuner-tensorflow"])


def values(variable: keras.Variable) -> Any:
    return keras.ops.convert_to_numpy(variable.value).copy()


@pytest.mark.parametrize("subset", ["all", "batchnorm", "random"])
def test_the_other_tools_train_the_subset_alone(subset: str) -> None:
    model = compiled(Configuration(subset, 2, 8, 16, 0.1), (4, 4, 1), 3)
    before = [values(variable) for variable in model.variables]
    drawn = np.random.default_rng(0)
    x, y = drawn.random((64, 4, 4, 1), np.float32), drawn.integers(0, 3, 64)
    model.fit(x, y, batch_size=16, epochs=2, verbose=0)
    moved = {
        variable.path.rsplit("/", 1)[-1] + str(variable.shape): int((values(variable) != old).sum())
        for variable, old in zip(model.variables, before, strict=True)
        if variable.name in ("kernel", "bias", "gamma", "beta")
    }
    kernels = sum(count for name, count in moved.items() if name.startswith("kernel"))
    norms = sum(count for name, count in moved.items() if name.startswith(("gamma", "beta")))
    assert (norms > 0) == (subset != "random")
    if subset == "all":
        assert kernels == 16 * 8 + 8 * 8 + 8 * 3
    else:
        # two weights of each of 8 units in two hidden layers
        assert kernels == (2 * 8 * 2 if subset == "random" else 0)
    statistics = [
        not np.array_equal(values(variable), old)
        for variable, old in zip(model.variables, before, strict=True)
        if variable.name.startswith("moving")
    ]
    assert all(statistics)
