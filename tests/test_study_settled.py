"""A short study whose arms differ in how fast BatchNorm's moving statistics settle."""

from pathlib import Path

from hpstudy import spec, study
from hpstudy.analysis.contrast import contrasts
from hpstudy.analysis.record import read
from hpstudy.store import Store

FILE = """\
# Do moving statistics settle in 48 steps?
name: short
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: 16}
training: {length: {steps: 48}, batch_size: 64, learning_rate: 1}
arms:
  usual: {train: batchnorm}
  slow: {train: batchnorm, model: {norm_momentum: 0.99}}
  plain: {train: all, model: {normalisation: none}}
contrasts: [[slow, usual], [plain, usual]]
confirm: {seeds: 2}
"""


def test_a_high_momentum_is_in_doubt_after_few_steps(cache: Path, tmp_path: Path) -> None:
    path = tmp_path / "short.yaml"
    path.write_text(FILE)
    store = Store(tmp_path / "short")
    study.run(spec.load(path, study.REGISTRIES), store.folder, workers=1, cache=cache)
    record = read(store)
    assert record is not None
    flags = [
        [f.words for f in one.flags if "settled" in f.words] for one in contrasts(record, store)
    ]
    assert flags == [
        [
            "slow's moving statistics have not settled: 62% of their initial values are left "
            "after 48 steps at momentum 0.99"
        ],
        [],
    ]
    moving = {(run["arm"], str(run.get("moving"))) for run in record.runs}
    assert moving == {
        ("usual", "{'momentum': 0.9, 'steps': 48}"),
        ("slow", "{'momentum': 0.99, 'steps': 48}"),
        ("plain", "None"),
    }
