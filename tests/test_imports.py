"""What `import hpstudy` and `--help` cost, and which names the package offers."""

from __future__ import annotations

import subprocess
import sys

import pytest

import hpstudy

HEAVY = (
    "jax",
    "keras",
    "keras_tuner",
    "matplotlib",
    "mlxtend",
    "numpy",
    "optuna",
    "pandas",
    "scipy",
    "sklearn",
    "tensorflow",
)

HELP = """
import runpy, sys
sys.argv = ["hpstudy", "--help"]
try:
    runpy.run_module("hpstudy", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    assert not stop.code, stop.code
"""

REGISTRY = """
from hpstudy.data import DATASETS, sizes
from hpstudy.spec.study import Data
sizes(Data("fashion_mnist", 0.2, None, 1))
"""

TRACED = """
import os
os.environ |= {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
from hpstudy.lean import import_keras
import_keras()
from hpstudy.engine.repeats import segments
from hpstudy.hypermodels.resnet import build
from hpstudy.spec.declarations import DataShape
from hpstudy.subsets.keras import variables
model = build({"depth": 20}, DataShape((8, 8, 1), "classification", 3))
paths = {id(owned.variable): owned.path for owned in variables(model)}
assert len(segments(model, paths, [], False)) == 7
"""

WORKER = """
from hpstudy.engine.worker import prepare_process
prepare_process(0, "jax")
from hpstudy.lean import import_keras
import_keras()
import hpstudy.engine.serving
"""


@pytest.mark.parametrize("code", ["import hpstudy", HELP])
def test_nothing_heavy_is_imported(code: str) -> None:
    assert heavy_after(code) == []


def test_sizes_of_a_declared_data_set_import_numpy_alone() -> None:
    assert heavy_after(REGISTRY) == ["numpy"]


def test_a_worker_builds_and_parts_a_network_without_tensorflow() -> None:
    # Keras imports it, for two seconds, as soon as a layer's configuration is serialised
    assert "tensorflow" not in heavy_after(TRACED)


def test_a_worker_starts_with_keras_and_jax_alone() -> None:
    # Keras Tuner brings scikit-learn, pandas and scipy.stats, for more than a second
    assert heavy_after(WORKER) == ["jax", "keras", "numpy", "scipy"]


def test_every_public_name_resolves() -> None:
    assert set(hpstudy.__all__) <= set(dir(hpstudy))
    for name in hpstudy.__all__:
        assert getattr(hpstudy, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'hpstudy' has no attribute 'lode'"):
        _ = hpstudy.lode


def heavy_after(code: str) -> list[str]:
    tail = f"\nimport sys\nprint('loaded', *sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]
