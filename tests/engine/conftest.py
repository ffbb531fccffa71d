"""Small real data, full configurations, and both numeric precisions for the engine's tests."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hpstudy import data
from hpstudy.engine.cache import Counters, ProgramCache
from hpstudy.engine.job import Job, Result
from hpstudy.engine.packs import Packs
from hpstudy.engine.parts import Parts
from hpstudy.engine.programs import Programs
from hpstudy.engine.setups import Setups
from hpstudy.engine.training import train
from hpstudy.hypermodels import HYPERMODELS
from hpstudy.spec.declarations import defaults
from hpstudy.spec.seeds import seeds
from hpstudy.spec.space import is_active
from hpstudy.spec.study import Data
from hpstudy.spec.training import TRAINING

Config = dict[str, Any]


@pytest.fixture(scope="session")
def diabetes() -> data.Split:
    return data.load(Data("diabetes", 0.2, 0.2, 1))


@pytest.fixture(scope="session")
def config() -> Callable[..., Config]:
    """A full configuration from the declared defaults; keywords are settings, '__' for '.'."""

    def make(**changes: Any) -> Config:
        model = HYPERMODELS[changes.get("model__type", "mlp")]
        parameters = {
            **{f"model.{p.name}": p for p in model.parameters},
            **{f"training.{p.name}": p for p in TRAINING},
        }
        base: Config = {"model.type": "mlp", "subset.train": "all"}
        base |= {f"model.{k}": v for k, v in defaults(model.parameters).items()}
        base |= {f"training.{k}": v for k, v in defaults(TRAINING).items() if v is not None}
        small = {"model.width": 16} if model.name == "mlp" else {}
        base |= {**small, "training.batch_size": 64, "training.length.epochs": 2}
        base |= {key.replace("__", "."): value for key, value in changes.items()}
        conditions = {
            key: {f"{key.split('.')[0]}.{other}": allowed for other, allowed in p.when.items()}
            for key, p in parameters.items()
        }
        return {key: value for key, value in base.items() if is_active(key, conditions, base)}

    return make


@pytest.fixture(scope="session")
def job(config: Callable[..., Config]) -> Callable[..., Job]:
    def make(
        index: int = 0,
        at: str | int = "last",
        rungs: tuple[int, ...] = (),
        confirm: bool = False,
        metric: str = "accuracy",
        maximise: bool = True,
        **changes: Any,
    ) -> Job:
        drawn = seeds(0, "search", index)
        return Job("run", config(**changes), drawn, metric, at, maximise, rungs, confirm)

    return make


class Trainer:
    """The compiled engine on one split, as a worker holds it."""

    def __init__(self, split: Any, cache: Path, dtype: str) -> None:
        self.split = split
        self.programs = Programs(ProgramCache(cache))
        self.parts = Parts.of(split, dtype)
        self.setups = Setups(split.shape, len(split.x_train), len(split.x_val), dtype)

    def __call__(self, job: Job, report: Callable[[int, float], bool] | None = None) -> Result:
        test = (self.split.x_test, self.split.y_test) if job.confirm else None
        answer = report or (lambda epoch, score: True)
        return train(job, self.setups, self.programs, self.parts, test, answer)

    def packs(self, lanes: int) -> Packs:
        return Packs(self.setups, self.programs, self.parts, lanes)

    def together(
        self,
        lanes: int,
        jobs: Sequence[Job],
        report: Callable[[str, int, float], bool] = lambda run, epoch, score: True,
    ) -> dict[str, Result]:
        """Every job's result by run, trained in packs of `lanes` lanes."""
        packs = self.packs(lanes)
        for job in jobs:
            packs.add(job, (self.split.x_test, self.split.y_test) if job.confirm else None)
        found: dict[str, Result] = {}
        while not packs.idle:
            ended = packs.step(lambda asking: {one[0]: report(*one) for one in asking})
            found |= {result.record["run"]: result for result in ended}
        return found


@pytest.fixture(scope="session")
def trainer(cache: Path, kept: None) -> Callable[..., Trainer]:
    """The engine on a split, by the session's programs."""
    return lambda split, dtype="float32": Trainer(split, cache, dtype)


@pytest.fixture
def cold_trainer(tmp_path: Path, kept: None) -> Callable[..., Trainer]:
    """The engine on a split, by programs of its own: for tests of what is compiled."""
    return lambda split, dtype="float32": Trainer(split, tmp_path, dtype)


@pytest.fixture(scope="module")
def counters() -> Counters:
    """Counts this process's compilations."""
    counters = Counters()
    counters.watch()
    return counters
