"""The contract hypermodels in studies of their own, driven in this process or by workers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from hpstudy import data, spec, study
from hpstudy.data import shared
from hpstudy.engine.cache import ProgramCache
from hpstudy.engine.discovering import discover
from hpstudy.engine.executor import Asked, Probed
from hpstudy.engine.job import Job, Probe, Result
from hpstudy.engine.parts import Parts
from hpstudy.engine.preparing import Sample
from hpstudy.engine.programs import Programs
from hpstudy.engine.setups import Setups
from hpstudy.engine.training import train
from hpstudy.planned import outcome
from hpstudy.search.discovery import Found
from hpstudy.search.window import CellSearch
from hpstudy.spec.length import length
from hpstudy.spec.registered import Registered
from hpstudy.spec.seeds import seeds
from hpstudy.spec.space import Config
from hpstudy.spec.study import Spec

HERE = Path(__file__).parent
STUDY = """\
# Does somebody else's hypermodel run?
name: {name}
data: {{name: digits, validation: 0.2, test: 0.2, split_seed: 1}}
model: {{hypermodel: "contract_models:{name}"{model}}}
training: {training}
score: {{metric: accuracy}}
arms: {{it: {{train: {train}}}}}
search: {{{search}, trials: {trials}, parallel: 2, seed: 1, choose: {{top: 1}}}}
confirm: {{seeds: 2}}
"""


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Spec]:
    """A study of one contract hypermodel, in a folder of its own."""
    source = HERE / "contract_models.py"
    (tmp_path / source.name).write_text(source.read_text())
    monkeypatch.syspath_prepend(str(HERE))

    def loaded(
        name: str,
        trials: int = 3,
        train: str = "as_built",
        training: str = "{length: {epochs: 2}, batch_size: 64}",
        model: str = "",
        search: str = "sampler: tpe",
    ) -> Spec:
        text = STUDY.format(
            name=name, trials=trials, train=train, training=training, model=model, search=search
        )
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        return spec.load(path, study.REGISTRIES)

    return loaded


@dataclass
class Driven:
    """What a search did: each trial's configuration, what its discovery found, and its record."""

    configs: list[Config] = field(default_factory=list)
    spaces: list[list[dict[str, Any]]] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    results: list[Result | None] = field(default_factory=list)
    exhausted: str | None = None


class Worker:
    """A worker's side in this process: discovers and trains."""

    def __init__(self, split: Any, cache: Path, dtype: str = "float32") -> None:
        self.split = split
        self.sample = Sample.of(split)
        self.programs = Programs(ProgramCache(cache))
        self.parts = Parts.of(split, dtype)
        counts = len(split.x_train), len(split.x_val)
        self.setups = Setups(split.shape, *counts, dtype, self.sample)

    def train(self, config: Config, *, confirm: bool = False, index: int = 0) -> Result:
        job = Job(
            "run", config, seeds(0, "search", index), "accuracy", "last", True, confirm=confirm
        )
        test = (self.split.x_test, self.split.y_test) if confirm else None
        return train(job, self.setups, self.programs, self.parts, test, lambda epoch, score: True)

    def drive(self, one: Spec, trains: bool = True, confirm: bool = False) -> Driven:
        """Search the study's only cell, one trial after the other."""
        (cell,) = one.cells
        examples = len(self.split.x_train)
        search = CellSearch(cell, True, lambda config: length(config, examples).epochs)
        driven = Driven()
        while (discovery := search.open()) is not None:
            probe = Probe("run", dict(discovery.config), seeds(0, "search", 0))

            def ask(asked: Registered, answer: Any = discovery.answer) -> Any:
                return answer(asked)

            found = discover(probe, ask, self.split.shape, self.sample)
            assert not found["collisions"]
            reason = found["reason"]
            trial = search.close(discovery.proposal(found["training"]), reason)
            result = None
            record: dict[str, Any] = {"status": "failed", "reason": reason, "score": None}
            if reason is None and trains and trial.same_as is None:
                result = self.train(trial.config, confirm=confirm)
                record = result.record
            elif reason is None:
                epochs = length(trial.config, examples).epochs
                record = {"status": "finished", "reason": None, "score": 0.5, "epochs": epochs}
            driven.configs.append(trial.config)
            driven.spaces.append(discovery.space)
            driven.found.append(Found(found["training"], found["counts"], reason))
            driven.records.append(record)
            driven.results.append(result)
            search.finish(trial.number, outcome(record, {}))
        driven.exhausted = search.exhausted
        return driven

    def again(self, one: Spec, driven: Driven) -> list[Config]:
        """What a resumed search proposes from what is stored, without a worker."""
        (cell,) = one.cells
        examples = len(self.split.x_train)
        search = CellSearch(cell, True, lambda config: length(config, examples).epochs)
        for space, found, record in zip(driven.spaces, driven.found, driven.records, strict=True):
            discovery = search.open()
            assert discovery is not None
            discovery.again(json.loads(json.dumps(space)))
            trial = search.close(discovery.proposal(found.training), found.reason)
            search.finish(trial.number, outcome(record, {}))
        assert search.open() is None
        return [trial.config for trial in search.trials]


class Nearby:
    """Builds for a preflight in this process, where a worker would take seconds to start."""

    def __init__(self, fleet: Any, start: Mapping[str, Any], test: Path) -> None:
        self._split = shared.read(start["data"])
        self._events: Queue[Asked | Probed] = Queue()
        self._answers: Queue[Any] = Queue()

    def __enter__(self) -> "Nearby":
        return self

    def __exit__(self, *error: object) -> None: ...

    def probe(self, probe: Probe) -> None:
        def ask(asked: Registered) -> Any:
            self._events.put(Asked(probe.run, asked.as_json()))
            return self._answers.get()

        def build() -> None:
            found = discover(probe, ask, self._split.shape, Sample.of(self._split))
            self._events.put(Probed(probe.run, json.loads(json.dumps(found))))

        Thread(target=build, daemon=True).start()

    def wait(self) -> list[Asked | Probed]:
        return [self._events.get(timeout=60)]

    def answer(self, run: str, value: Any) -> None:
        self._answers.put(value)


@pytest.fixture
def nearby(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hpstudy.firstbuild.LocalExecutor", Nearby)


@pytest.fixture(scope="session")
def worker(digits: data.Split, cache: Path, kept: None) -> Worker:
    return Worker(digits, cache)
