"""Architectures of Keras Tuner and Keras trained: minutes, so slow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

import hpstudy
from hpstudy import data, spec, study
from hpstudy.engine import plain
from hpstudy.engine.job import Job
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Data, Spec
from hpstudy.store import Store

from .conftest import HERE, Worker

pytestmark = pytest.mark.slow
STUDY = """\
# Does an architecture that nobody wrote for subsets train here?
name: large
data: {{name: file, path: images.npz, validation: 0.25, test: 0.25, split_seed: 1}}
model: {{hypermodel: "{hypermodel}", {model}}}
training: {{length: {length}, batch_size: 16}}
arms:
{arms}
search: {{sampler: random, trials: 1, parallel: 1, seed: 1, choose: {{top: 1}}}}
confirm: {{seeds: 1}}
"""
RESNETS, MOBILE = "keras_tuner.applications:HyperResNet", "contract_models:mobilenet"
RESNET = (
    "args: {input_shape: [32, 32, 3], classes: 10}, "
    "hp: {version: v1, conv3_depth: 4, conv4_depth: 6, pooling: avg, optimizer: sgd}"
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """128 handwritten digits in colour, four times as wide and high."""
    folder = tmp_path_factory.mktemp("images")
    x, y = load_digits(return_X_y=True)
    small = x[:128].reshape(-1, 8, 8, 1).astype(np.float32)
    np.savez(folder / "images.npz", x=small.repeat(4, 1).repeat(4, 2).repeat(3, 3), y=y[:128])
    source = HERE / "contract_models.py"
    (folder / source.name).write_text(source.read_text())
    return folder


def loaded(
    folder: Path, hypermodel: str, model: str, arms: str, length: str = "{epochs: 1}"
) -> Spec:
    path = folder / "large.yaml"
    path.write_text(STUDY.format(hypermodel=hypermodel, model=model, arms=arms, length=length))
    return spec.load(path, study.REGISTRIES)


@pytest.mark.parametrize(
    ("hypermodel", "model", "arms"),
    [
        (
            RESNETS,
            RESNET,
            "  as_built: {train: as_built}\n  bn_only: {train: batchnorm}",
        ),
        (MOBILE, "args: {}", "  bn_only: {train: batchnorm}"),
    ],
)
def test_it_trains_through_a_study(
    hypermodel: str,
    model: str,
    arms: str,
    images: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    one = loaded(images, hypermodel, model, arms)
    assert study.run(one, tmp_path / "study", workers=1, cache=tmp_path / "cache").complete
    runs = [event for event in Store(tmp_path / "study").events() if event["event"] == "run"]
    assert {run["status"] for run in runs} == {"finished"}, [run["reason"] for run in runs]
    assert {run["numerics"]["trained_by"] for run in runs} == {"compiled engine"}
    results = hpstudy.load(tmp_path / "study")
    for run in runs:
        print(run["arm"], run["phase"], run["counts"], run["seconds"])
        if run["phase"] != "confirm":
            continue
        arrays = results.arrays(run["run"])
        moved = {
            path.removeprefix("final/")
            for path, value in arrays.items()
            if path.startswith("final/")
            and not np.array_equal(value, arrays[path.replace("final", "initial", 1)])
        }
        kernels = [path for path in moved if path.endswith("kernel")]
        assert bool(kernels) == (run["arm"] == "as_built")
        assert any(path.endswith("gamma") for path in moved)
        outputs = results.model(run["run"]).predict(data.load(one.data).x_test, verbose=0)
        stored = np.log(np.clip(outputs, 1e-7, 1 - 1e-7))
        assert np.allclose(stored, arrays["test_outputs"], rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(("hypermodel", "model"), [(RESNETS, RESNET), (MOBILE, "args: {}")])
@pytest.mark.usefixtures("float64")
def test_engine_and_model_fit_agree(
    hypermodel: str, model: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    split = data.load(Data("file", 0.25, 0.25, 1, {"path": str(images / "images.npz")}))
    worker = Worker(split, tmp_path, "float64")
    one = loaded(images, hypermodel, model, "  bn_only: {train: batchnorm}", "{steps: 1}")
    (config,) = worker.drive(one, trains=False).configs
    job = Job("run", config, seeds(0, "search", 0), "accuracy", "last", True, confirm=True)
    test = (split.x_test, split.y_test)
    compiled = worker.train(config, confirm=True)
    fitted = plain.train(job, worker.setups, worker.parts, test, lambda epoch, score: True)
    assert compiled.record["numerics"]["trained_by"] == "compiled engine"
    for path, value in compiled.arrays.items():
        # Keras's own BatchNormalization computes in float32, which fifty of them carry on
        tolerance = (1e-3 if path == "test_outputs" else 1e-5) * np.abs(value).max()
        # and what is zero, in sums that round otherwise
        atol = tolerance + 1e-12
        assert np.allclose(value, fitted.arrays[path], rtol=0, atol=atol), path
