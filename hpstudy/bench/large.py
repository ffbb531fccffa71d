"""A finished study of many trials, made up: arms at depths, searched, chosen and confirmed.

`python -m hpstudy.bench.large FOLDER TRIALS ARMS DEPTHS` leaves FOLDER/study, and in
FOLDER/result.json the seconds that opening it again takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

from hpstudy import data, spec
from hpstudy.bench.atonce import Bookkeeping
from hpstudy.bench.madeup import EPOCHS, Lively
from hpstudy.store import Store
from hpstudy.study import REGISTRIES, Silent

ARMS = {
    "full": "{train: all}",
    "bn_only": "{train: batchnorm}",
    "random": "{train: random, match: batchnorm}",
    **{f"random_{k}": f"{{train: random, per_unit: {k}}}" for k in (1, 2, 4, 8)},
}
DEPTHS = (1, 2, 4, 8, 3, 5, 6)
FILE = """\
# Does a subset of an MLP's parameters come near all of them, and does depth help?
name: large
data: {{name: mnist_5k, validation: 0.2, test: 0.2, split_seed: 1}}
model: {{type: mlp, depth: {{sweep: {depths}}}, width: 128}}
training:
  length: {{epochs: {epochs}}}
  batch_size: {{choice: [64, 128, 256]}}
  momentum: {{float: [0, 0.99]}}
  learning_rate: {{float: [0.001, 10], log: true}}
arms: {{{arms}}}
search: {{sampler: random, pruner: median, trials: {trials}, choose: {{top: 4, seeds: 3}}}}
confirm: {{seeds: 10}}
"""


def make(folder: Path, trials: int, arms: int, depths: int) -> None:
    """The study in `folder`/study, with about `trials` trials over the cells of all arms."""
    chosen = list(ARMS.items())[:arms]
    text = FILE.format(
        epochs=EPOCHS,
        trials=max(1, round(trials / (len(chosen) * depths))),
        arms=", ".join(f"{name}: {subset}" for name, subset in chosen),
        depths=sorted(DEPTHS[:depths]),
    )
    (folder / "large.yaml").write_text(text)
    keep(folder)


def keep(folder: Path) -> float:
    """Run the study in `folder` to its end, or open it where it has ended; the seconds of it."""
    found = spec.load(folder / "large.yaml", REGISTRIES)
    split = data.load(found.data)
    began = perf_counter()
    Bookkeeping(found, split, Store(folder / "study"), Silent()).keep(Lively(split))
    return perf_counter() - began


def main() -> None:
    """Make the study, then open it as a second `run` would."""
    folder = Path(sys.argv[1])
    make(folder, *(int(word) for word in sys.argv[2:]))
    (folder / "result.json").write_text(json.dumps({"open": keep(folder)}))


if __name__ == "__main__":
    main()
