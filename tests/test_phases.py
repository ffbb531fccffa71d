"""A cell's phases, driven by made-up records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hpstudy import spec, study
from hpstudy.phases import CellRun
from hpstudy.planned import Planned
from hpstudy.subsets.rules import Count
from hpstudy.trials import Trials

FILE = """\
# Which candidates go on?
name: phases
data: {name: digits, validation: 0.2, test: 0.2}
model: {type: mlp, depth: 1, width: 16}
training: {length: {epochs: 4}, learning_rate: {float: [0.01, 3], log: true}}
arms: {full: {train: all}}
search: {sampler: random, trials: 4, choose: {top: 4, seeds: 6, pruner: wilcoxon}}
confirm: {seeds: 1}
"""


def epochs(config: Any) -> int:
    return int(config["training.length.epochs"])


def counted(config: Any) -> Count:
    return Count(10, 90, 100)


Score = Callable[[Planned], float | None]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., CellRun]:
    """Plays a cell to its end; of the runs that may start, the last or the first ends next."""
    path = tmp_path_factory.mktemp("file") / "phases.yaml"

    def play(
        score: Score,
        *,
        last: bool = False,
        started: list[Planned] | None = None,
        text: str = FILE,
    ) -> CellRun:
        path.write_text(text)
        loaded = spec.load(path, study.REGISTRIES)
        cell = CellRun(Trials(loaded, loaded.cells[0], 1, "print", epochs, counted))
        waiting: list[Planned] = []
        while not cell.done:
            new = cell.ready()
            waiting += new
            if started is not None:
                started += new
            planned = waiting.pop(-1 if last else 0)
            value = score(planned)
            status = "finished" if value is not None else "diverged"
            cell.finish(planned, {"status": status, "score": value, "rungs": {}})
        return cell

    return play


def steady(planned: Planned) -> float:
    """Better with every trial's number, and a little with the seed."""
    return planned.slot.trial / 10 + planned.slot.seed_index / 1000


def test_clearly_worse_candidates_are_stopped(played: Any) -> None:
    started: list[Planned] = []
    cell = played(steady, started=started)
    chosen = [planned.slot for planned in started if planned.slot.phase == "choose"]
    count = [sum(slot.trial == trial for slot in chosen) for trial in range(4)]
    assert count == [4, 4, 4, 6]
    assert [entry["trial"] for entry in cell.choice["ranked"]] == [3, 2, 1, 0]
    assert [len(entry["scores"]) for entry in cell.choice["ranked"]] == [6, 4, 4, 4]


def test_who_is_stopped_does_not_depend_on_the_order_of_finishing(played: Any) -> None:
    assert played(steady).choice == played(steady, last=True).choice


def test_a_stopped_candidate_never_outranks_one_that_went_on(played: Any) -> None:
    def score(planned: Planned) -> float | None:
        # trial 3 leads for four seeds, and is then worse than anybody was
        lucky = planned.slot.trial == 3 and planned.slot.phase == "choose"
        return -1.0 if lucky and planned.slot.seed_index > 3 else steady(planned)

    cell = played(score)
    assert cell.choice["trial"] == 3


def test_a_candidate_that_diverged_once_is_not_trained_again(played: Any) -> None:
    def score(planned: Planned) -> float | None:
        chosen = planned.slot.phase == "choose"
        return None if chosen and planned.slot.trial == 3 else steady(planned)

    started: list[Planned] = []
    cell = played(score, started=started)
    assert cell.choice["trial"] == 2
    chosen = [planned.slot for planned in started if planned.slot.phase == "choose"]
    assert sum(slot.trial == 3 for slot in chosen) == 1


def test_a_configuration_is_one_candidate_however_often_it_finished(played: Any) -> None:
    text = FILE.replace("{float: [0.01, 3], log: true}", "{choice: [0.1, 0.2, 0.3]}")
    text = text.replace("epochs: 4", "epochs: 90")
    text = text.replace("trials: 4", "pruner: hyperband, trials: 16")
    started: list[Planned] = []
    cell = played(steady, started=started, text=text)
    searched = [planned for planned in started if planned.slot.phase == "search"]
    trained = [planned.run for planned in searched if planned.twin is None]
    assert len(trained) > len(set(trained)) == 3
    assert len(cell.choice["ranked"]) == 3
    runs = {planned.slot.trial: planned.run for planned in searched}
    assert len({runs[entry["trial"]] for entry in cell.choice["ranked"]}) == 3
