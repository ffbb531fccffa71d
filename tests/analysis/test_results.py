"""`hpstudy.load`: frames, curves, arrays, and models rebuilt with their final values."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpstudy
from hpstudy.errors import StoreError
from hpstudy.store import Store
from tests.analysis import synthetic

SMALL = synthetic.Options(depths=(2,), confirm=1, trials=4, epochs=4, arms=("full",), contrasts=())


def test_load_gives_frames_curves_and_arrays(tmp_path: Path) -> None:
    results = hpstudy.load(synthetic.write(tmp_path).folder)
    assert results.study["name"] == "mlp_bn"
    run = results.runs[results.runs["phase"] == "confirm"]["run"].iloc[0]
    assert len(results.curves(run)["accuracy"]) == 20
    assert results.arrays(run)["test_outputs"].shape == (1000, 10)
    assert results.curves("unknown") == {}
    assert set(results.store.arrays(run, ("test_outputs", "absent"))) == {"test_outputs"}
    assert len(results.contrast) == 4


def test_a_folder_without_a_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no study"):
        hpstudy.load(tmp_path)
    with pytest.raises(StoreError, match="there is no folder .*gone"):
        hpstudy.load(tmp_path / "gone")


def test_model_rebuilds_the_network_with_its_final_values(tmp_path: Path) -> None:
    from hpstudy.hypermodels.mlp import build
    from hpstudy.spec.declarations import DataShape

    store = synthetic.write(tmp_path, SMALL)
    run = _confirmed(store)
    config = {k.removeprefix("model."): v for k, v in run["config"].items() if "model." in k}
    del config["type"]
    trained = build(config, DataShape((28, 28, 1), "classification", 10))
    generator = np.random.Generator(np.random.Philox(1))
    for variable in trained.weights:
        if not variable.path.endswith(("momentum", "epsilon")):
            variable.assign(abs(generator.normal(0, 0.1, variable.shape)).astype(np.float32))
    images = generator.random((8, 28, 28, 1)).astype(np.float32)
    expected = np.asarray(trained(images, training=False))
    _store(store, run["run"], {f"final/{v.path}": np.asarray(v) for v in trained.weights})
    rebuilt = hpstudy.load(store.folder).model(run["run"])
    np.testing.assert_array_equal(np.asarray(rebuilt(images, training=False)), expected)


def test_model_says_why_it_cannot_rebuild(tmp_path: Path) -> None:
    store = synthetic.write(tmp_path, SMALL)
    results = hpstudy.load(store.folder)
    with pytest.raises(StoreError, match="no run 0000 in .*confirmed runs: "):
        results.model("0000")
    searched = next(e for e in store.events() if e["event"] == "run" and e["phase"] == "search")
    with pytest.raises(StoreError, match="keeps no arrays"):
        results.model(searched["run"])
    with pytest.raises(StoreError, match="values and network differ in dense_0/kernel"):
        results.model(_confirmed(store)["run"])


def _confirmed(store: Store) -> dict[str, Any]:
    return next(e for e in store.events() if e["event"] == "run" and e["phase"] == "confirm")


def _store(store: Store, run: str, arrays: dict[str, Any]) -> None:
    content = io.BytesIO()
    np.savez(content, **arrays)
    store.write_bytes(f"arrays/{run}.npz", content.getvalue())
