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


@pytest.mark.parametrize("code", ["import hpstudy", HELP])
def test_nothing_heavy_is_imported(code: str) -> None:
    assert heavy_after(code) == []


def test_sizes_of_a_declared_data_set_import_numpy_alone() -> None:
    assert heavy_after(REGISTRY) == ["numpy"]


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
