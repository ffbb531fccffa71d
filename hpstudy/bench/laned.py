"""One network's part of the benchmark `lanes`: `python -m hpstudy.bench.laned FOLDER`.

It reads FOLDER/asked.json and leaves FOLDER/result.json with run-epochs a second by lap.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from hpstudy.bench.traffic import bandwidth, moved, rate
from hpstudy.engine.devices import cores
from hpstudy.engine.worker import PRECISIONS, prepare_process

EXAMPLES = 20_000_000  # that a run's plan has; no figure takes as many
FILE = """\
# How fast do lanes train?
name: lanes
data: {{name: digits, validation: 0.2, test: 0.001}}
model: {{{model}}}
training: {{length: {{epochs: {epochs}}}, batch_size: {batch}, learning_rate: 0.001}}
arms: {{one: {{train: {train}, search: none}}}}
"""


def main() -> None:
    """Measure, and write what was found."""
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text())
    own = None if asked["gpu"] else next(iter(cores()), None)
    prepare_process(own, "jax", asked["gpu"])
    found = Network(asked, folder).measure()
    (folder / "result.json").write_text(json.dumps(found))


class Network:
    """One network with its data, programs and a plain Keras model."""

    def __init__(self, asked: Mapping[str, Any], folder: Path) -> None:
        from hpstudy import data
        from hpstudy.engine.cache import ProgramCache
        from hpstudy.engine.job import Job
        from hpstudy.engine.parts import Parts
        from hpstudy.engine.programs import Programs
        from hpstudy.engine.setups import Setups
        from hpstudy.spec.seeds import seeds
        from hpstudy.spec.study import Data

        self.asked = asked
        self.split = data.load(Data(**asked["data"]))
        self.parts = Parts.of(self.split, "float32")
        sizes = len(self.split.x_train), len(self.split.x_val)
        self.setups = Setups(self.split.shape, *sizes, "float32")
        config = _config(asked, EXAMPLES // sizes[0], folder)
        self.job = Job("bench", config, seeds(0, "search", 0), "accuracy", "last", True)
        self.setup = self.setups.of(config, self.job.seeds)
        self.folder, self.Programs, self.Cache = folder, Programs, ProgramCache
        self.pool = ThreadPoolExecutor(8) if asked["gpu"] else None
        self.full: set[tuple[str, int]] = set()

    def measure(self) -> dict[str, Any]:
        """Laps by precision, each in turn over `model.fit` and every lane count."""
        import jax

        precisions = ["float32", "tf32"] if self.asked["gpu"] else ["float32"]
        held = {name: self._programs(name) for name in precisions}
        laps: dict[str, list[dict[str, float]]] = {name: [] for name in precisions}
        for _ in range(self.asked["laps"]):
            for name, programs in held.items():
                with jax.default_matmul_precision(PRECISIONS[name]):
                    lap = {"fit": self._fit()}
                    for lanes in self.asked["lanes"]:
                        speed = self._lanes(programs, lanes, name)
                        lap |= {} if speed is None else {str(lanes): speed}
                laps[name].append(lap)
        copied = bandwidth(self.asked["gpu"])
        return {
            "device": jax.devices()[0].device_kind,
            "bandwidth": copied,
            "floor": moved(self.setup, self._build()) / copied,
            "laps": laps,
        }

    def _programs(self, precision: str) -> Any:
        """A cache for each precision; on a GPU, where it is set, it names the entries too."""
        return self.Programs(self.Cache(self.folder / precision))

    def _fit(self) -> float:
        """Run-epochs a second of `model.fit`, its compilation left out."""
        import numpy as np

        from hpstudy.engine.declared import build_model
        from hpstudy.hypermodels.compiling import compile_model
        from hpstudy.subsets import keras as subset
        from hpstudy.subsets.rules import Rule, select

        model = build_model(self.job.config, self.split.shape)
        rule = Rule.from_config(self.job.config)
        subset.apply(model, select(rule, subset.tensors(model), self.job.seeds["mask"]))
        compile_model(model, self.job.config, self.split.shape.task)
        x, x_val = (np.asarray(part, np.float32) for part in (self.split.x_train, self.split.x_val))
        seen = (x_val, np.asarray(self.split.y_val))

        def epoch() -> None:
            model.fit(
                x,
                np.asarray(self.split.y_train),
                batch_size=self.asked["batch"],
                validation_data=seen,
                validation_batch_size=2048,
                verbose=0,
            )

        epoch()
        return rate(epoch)

    def _lanes(self, programs: Any, lanes: int, precision: str) -> float | None:
        """Run-epochs a second of `lanes` lanes; None where they do not fit."""
        from hpstudy.engine.packs import out_of_memory

        if (precision, lanes) in self.full:
            return None
        try:
            epoch = self._alone(programs) if lanes == 1 else self._pack(programs, lanes)
            epoch()
            return lanes * rate(epoch)
        except Exception as error:
            if not out_of_memory(error):
                raise
            self.full |= {(precision, more) for more in self.asked["lanes"] if more >= lanes}
            return None

    def _alone(self, programs: Any) -> Callable[[], None]:
        import jax

        from hpstudy.engine.host import Host

        host = Host.of(self.job, self.setup.signature, self.parts)
        inputs = self.setup.carry, self.setup.run, self.parts.data, host.order(1)
        program = programs.of(self.setup.signature, self._build, inputs)
        data = program.after_prefix(self.setup.run, self.parts.data)
        carry, run = jax.device_put((self.setup.carry, self.setup.run))

        def epoch() -> None:
            nonlocal carry
            carry, totals = program.epoch(carry, run, data, host.order(host.epoch + 1))
            host.take(totals)

        return epoch

    def _pack(self, programs: Any, lanes: int) -> Callable[[], None]:
        from hpstudy.engine.host import Host
        from hpstudy.engine.lanes import Occupant, Pack
        from hpstudy.engine.packed import packed

        setup = self.setup
        order = Host.of(self.job, setup.signature, self.parts).order(1)
        inputs = setup, self.parts.data, order
        found = packed(programs, setup.signature, self._build, lanes, inputs)
        each = self.pool.map if self.pool else map
        pack = Pack(found, self.parts.data, setup.signature.ragged, each)
        for lane in range(lanes):
            job = replace(self.job, seeds={**self.job.seeds, "order": lane})
            pack.place(
                lane, Occupant(Host.of(job, setup.signature, self.parts), setup, None), setup
            )
        return lambda: pack.epoch(lambda: None)

    def _build(self) -> Any:
        return self.setups.build(self.setup)


def _config(asked: Mapping[str, Any], epochs: int, folder: Path) -> dict[str, Any]:
    """Every setting of the network, at the declared defaults but for what is asked."""
    from hpstudy import spec
    from hpstudy.spec.space import resolve
    from hpstudy.study import REGISTRIES

    path = folder / "lanes.yaml"
    path.write_text(FILE.format(**asked["net"], batch=asked["batch"], epochs=epochs))
    (cell,) = spec.load(path, REGISTRIES).cells
    return resolve(cell.settings, cell.conditions, lambda name, value: None).config


if __name__ == "__main__":
    main()
