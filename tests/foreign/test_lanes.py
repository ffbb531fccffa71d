"""Other people's models in lanes: those that the compiled engine holds train side by side."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hpstudy.engine.job import Job
from hpstudy.engine.packs import Packs
from hpstudy.spec.seeds import seeds
from hpstudy.spec.study import Spec

from .conftest import Worker


def test_runs_of_one_configuration_share_lanes(load: Callable[..., Spec], worker: Worker) -> None:
    held, own = (
        worker.drive(load(name, trials=1), trains=False).configs[0]
        for name in ("per_layer", "own_step")
    )
    job = Job("held 0", held, seeds(0, "search", 0), "accuracy", "last", True)
    jobs = [replace(job, run=f"held {i}", seeds=seeds(0, "search", i)) for i in range(2)]
    packs = Packs(worker.setups, worker.programs, worker.parts, 2)
    for one in [*jobs, replace(job, run="own", config=own)]:
        packs.add(one)
    found: dict[str, Any] = {}
    while not packs.idle:
        ended = packs.step(lambda asking: {run: True for run, _, _ in asking})
        found |= {result.record["run"]: result.record for result in ended}
    assert {run: record["status"] for run, record in found.items()} == dict.fromkeys(
        ("held 0", "held 1", "own"), "finished"
    )
    numerics = {run: record["numerics"] for run, record in found.items()}
    assert [numerics[run]["lanes"] for run in ("held 0", "held 1", "own")] == [2, 2, 1]
    assert numerics["own"]["trained_by"] == "model.fit"
    alone = worker.train(held).record
    assert abs(alone["score"] - found["held 0"]["score"]) < 0.02
