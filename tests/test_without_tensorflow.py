"""A whole study where TensorFlow is absent: nothing but a study that names it needs it."""

import os
import subprocess
import sys
from pathlib import Path

STUDY = """\
# Does it run without TensorFlow?
name: light
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: 1, width: 16}
training: {length: {epochs: 2}, learning_rate: {float: [0.01, 1], log: true}}
arms: {full: {train: all}, bn_only: {train: batchnorm}}
search: {trials: 2, parallel: 2, choose: {top: 1, seeds: 1}}
confirm: {seeds: 2}
"""


def test_a_study_runs_and_reports_without_tensorflow(cache: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked" / "tensorflow"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text('raise ImportError("TensorFlow is absent")\n')
    file = tmp_path / "light.yaml"
    file.write_text(STUDY)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(blocked.parent), os.environ.get("PYTHONPATH", "")]),
        "HPSTUDY_CACHE": str(cache.parent),
    }
    words = ["run", str(file), "--reports", str(tmp_path), "--workers", "1"]
    command = [sys.executable, "-m", "hpstudy", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "light" / "report.html").exists()
    assert '"status":"failed"' not in (tmp_path / "light" / "runs.jsonl").read_text()
