"""Whole studies with real workers: repeatable, resumable, growing, and blind to the test split."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hpstudy
from hpstudy import data, report, study
from hpstudy.engine.devices import default_workers
from hpstudy.engine.processor import processor
from hpstudy.errors import DataError, HpstudyError, StoreError, StudyChanged
from hpstudy.store import Store

FILE = """\
# Does a small study run?
name: small
data: {name: digits, validation: 0.2, test: 0.2, split_seed: 1}
model: {type: mlp, depth: 1, width: 16}
training:
  length: {epochs: 8}
  batch_size: {choice: [64, 128]}
  learning_rate: {float: [0.01, 3], log: true}
arms:
  full: {train: all}
  bn_only: {train: batchnorm}
search: {sampler: tpe, pruner: asha, trials: 8, parallel: 4, seed: 1, choose: {top: 2, seeds: 2}}
confirm: {seeds: 2}
"""
TIMES = ("seconds", "time", "compile")


@pytest.fixture(scope="module")
def first(load: Any, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, run once by two workers."""
    folder = tmp_path_factory.mktemp("first") / "small"
    summary = study.run(load(), folder, workers=2, cache=cache)
    assert summary.complete
    return folder


def results(folder: Path) -> Any:
    """The table of runs, times aside."""
    runs = hpstudy.load(folder).runs
    return runs[[name for name in runs if not any(word in name for word in TIMES)]]


def equal(one: Any, other: Any) -> bool:
    return one.to_csv(index=False) == other.to_csv(index=False)


def events(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [event for event in Store(folder).events() if event["event"] == kind]


def test_a_study_ends_with_a_confirmed_pick_for_each_cell(first: Path) -> None:
    assert report.write(first).exists()
    runs = results(first)
    assert set(runs["cell"]) == {"full", "bn_only"}
    counted = runs.groupby(["cell", "phase"]).size()
    for cell in ("full", "bn_only"):
        assert counted[cell, "search"] == 8
        assert counted[cell, "choose"] == 4
        assert counted[cell, "confirm"] == 2
    assert len(events(first, "choice")) == len(events(first, "look")) == 2
    confirmed = runs[runs["phase"] == "confirm"]
    assert confirmed["test_accuracy"].notna().all()
    assert runs.loc[runs["phase"] != "confirm", "test_accuracy"].isna().all()


def test_one_worker_and_two_give_the_same(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    study.run(load(), tmp_path / "small", workers=1, cache=cache)
    assert equal(results(first), results(tmp_path / "small"))
    for kind in ("choice", "look"):
        ours, theirs = (
            {e["cell"]: {**e, "time": None} for e in events(folder, kind)}
            for folder in (first, tmp_path / "small")
        )
        assert ours == theirs


def test_a_second_run_trains_nothing(first: Path, load: Any, cache: Path) -> None:
    before = (first / "runs.jsonl").read_bytes()
    summary = study.run(load(), first, cache=cache)
    assert summary.trained == 0
    assert summary.complete
    assert (first / "runs.jsonl").read_bytes() == before


@pytest.mark.parametrize("after", [3, 11])
def test_a_killed_coordinator_goes_on_to_the_same_results(
    after: int, first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "reports" / "small"
    file = tmp_path / "small.yaml"
    file.write_text(FILE)
    command = [sys.executable, "-m", "hpstudy", "run", str(file), "--reports", str(folder.parent)]
    environment = {**os.environ, "HPSTUDY_CACHE": str(cache.parent)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    log = folder / "runs.jsonl"
    while not log.exists() or log.read_bytes().count(b'"event":"run"') < after:
        assert process.poll() is None, "the study ended before it could be killed"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with log.open("ab") as torn:
        torn.write(b'{"event":"run","cell":"fu')
    known = log.read_bytes().count(b'"event":"run"') - 1
    summary = study.run(load(), folder, workers=1, cache=cache)
    assert 0 < summary.trained <= 28 - known
    assert equal(results(first), results(folder))


def test_eight_trials_grown_to_twelve_equal_twelve_at_once(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    more = "search.trials=12"
    grown = tmp_path / "grown"
    grown.mkdir()
    for path in first.rglob("*"):
        target = grown / path.relative_to(first)
        target.mkdir(exist_ok=True) if path.is_dir() else target.write_bytes(path.read_bytes())
    study.run(load(more), grown, workers=1, cache=cache)
    study.run(load(more), tmp_path / "at_once", workers=1, cache=cache)
    ours, theirs = results(grown), results(tmp_path / "at_once")
    search = [frame[frame["phase"] == "search"] for frame in (ours, theirs)]
    assert equal(*search)
    picks = [
        {event["cell"]: (event["trial"], event["ranked"]) for event in events(folder, "choice")}
        for folder in (grown, tmp_path / "at_once")
    ]
    assert picks[0] == picks[1]
    looks = {event["cell"]: event["look"] for event in events(grown, "look")}
    assert set(looks.values()) == {2}
    assert "looked at twice (after 8, then 12 trials" in report.write(grown).read_text()


def test_more_confirm_seeds_reuse_every_finished_run(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    grown = tmp_path / "grown"
    grown.mkdir()
    (grown / "runs.jsonl").write_bytes((first / "runs.jsonl").read_bytes())
    summary = study.run(load("confirm.seeds=3"), grown, workers=1, cache=cache)
    assert summary.trained == 2
    assert [event["seeds"] for event in events(grown, "look")] == [2, 2, 3, 3]


@pytest.mark.parametrize(
    "edits",
    [["search.pruner=none"], ["training.learning_rate.float=[0.01, 2]", "search.pruner=none"]],
)
def test_a_changed_search_starts_a_new_generation_and_reuses_equal_runs(
    edits: list[str], first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    grown = tmp_path / "grown"
    grown.mkdir()
    (grown / "runs.jsonl").write_bytes((first / "runs.jsonl").read_bytes())
    summary = study.run(load(*edits), grown, workers=1, cache=cache)
    records = events(grown, "run")
    new = {event["run"] for event in records if event["generation"] == 2}
    kept = {e["run"] for e in records if e["generation"] == 1 and e["status"] == "finished"}
    assert summary.trained == len(new - kept)
    assert len(edits) == 2 or new & kept
    generations = {(e["cell"], e["generation"]) for e in events(grown, "generation")}
    assert generations == {(cell, k) for cell in ("full", "bn_only") for k in (1, 2)}
    runs = hpstudy.load(grown).runs
    old = runs[(runs["generation"] == 1) & (runs["phase"] == "search")]
    new = runs[(runs["generation"] == 2) & (runs["phase"] == "search")]
    assert old["superseded"].all() and not new["superseded"].any()
    assert set(new["status"]) == {"finished"}


def test_an_arm_that_comes_back_is_searched_anew(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    grown = tmp_path / "grown"
    grown.mkdir()
    (grown / "runs.jsonl").write_bytes((first / "runs.jsonl").read_bytes())
    alone = FILE.replace("  bn_only: {train: batchnorm}\n", "")
    study.run(load(text=alone), grown, workers=1, cache=cache)
    summary = study.run(load(), grown, workers=1, cache=cache)
    assert summary.complete
    last = {event["cell"]: event["generation"] for event in events(grown, "generation")}
    assert last == {"full": 1, "bn_only": 2}


class StopsAfter(study.Silent):
    """Interrupts the study when so many confirm runs have ended."""

    def __init__(self, number: int) -> None:
        self.left = number

    def ended(self, event: Any, trained: bool) -> None:
        self.left -= event["phase"] == "confirm"
        if self.left == 0:
            raise KeyboardInterrupt


def test_an_interrupted_confirm_phase_is_a_look(load: Any, cache: Path, tmp_path: Path) -> None:
    folder = tmp_path / "small"
    with pytest.raises(KeyboardInterrupt):
        study.run(load(), folder, workers=1, cache=cache, progress=StopsAfter(1))
    looked = {event["cell"] for event in events(folder, "look")}
    assert len(looked) == 1
    study.run(load("search.trials=10"), folder, workers=1, cache=cache)
    looks = {event["cell"]: event["look"] for event in events(folder, "look")}
    assert looks == {cell: 2 if cell in looked else 1 for cell in ("full", "bn_only")}


@pytest.mark.parametrize(
    ("edit", "named"),
    [
        ("data.split_seed=2", "data.split_seed"),
        ("score.at=best_validation", "score.at"),
        ("model.width=32", "model.width"),
        ("training.length.epochs=9", "training.length.epochs"),
        ("confirm.seeds=1", "confirm.seeds"),
        ("search.trials=4", "search.trials"),
    ],
)
def test_an_edit_that_results_contradict_is_refused(
    edit: str, named: str, first: Path, load: Any, cache: Path
) -> None:
    before = (first / "runs.jsonl").read_bytes()
    with pytest.raises(StudyChanged, match=named):
        study.run(load(edit), first, cache=cache)
    assert (first / "runs.jsonl").read_bytes() == before


def test_the_search_never_sees_the_test_split(
    first: Path, load: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = data.load

    def permuted(described: Any) -> Any:
        split = real(described)
        shuffled = np.random.default_rng(0).permutation(split.y_test)
        return dataclasses.replace(split, y_test=shuffled)

    monkeypatch.setattr(data, "load", permuted)
    study.run(load(), tmp_path / "small", workers=1, cache=cache)
    honest, blind = results(first), results(tmp_path / "small")
    tested = [name for name in honest if name.startswith("test_")]
    assert tested
    assert equal(honest.drop(columns=tested), blind.drop(columns=tested))
    confirmed = honest["phase"] == "confirm"
    assert not equal(honest.loc[confirmed, tested], blind.loc[confirmed, tested])


def test_a_duplicate_is_told_and_counted_but_not_trained(
    load: Any, cache: Path, tmp_path: Path
) -> None:
    text = FILE.replace("{float: [0.01, 3], log: true}", "{choice: [0.1]}")
    text = text.replace("pruner: asha, trials: 8", "pruner: none, trials: 30")
    study.run(load(text=text), tmp_path / "small", workers=1, cache=cache)
    runs = hpstudy.load(tmp_path / "small").runs
    search = runs[(runs["phase"] == "search") & (runs["cell"] == "full")]
    assert 10 < len(search) < 30
    assert search["run"].nunique() == 2
    assert (search.groupby("run")["score"].nunique() == 1).all()


def worker_ids() -> list[int]:
    """The workers of this process that are there."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"hpstudy.engine.worker" in _command(Path("/proc") / child)
    ]


def _command(process: Path) -> bytes:
    """What a process runs; nothing where it has just ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return (process / "cmdline").read_bytes()
    return b""


class KillsWorkers(study.Silent):
    """Ends every worker, once, when the run of this number has ended."""

    def __init__(self, number: int) -> None:
        self.left = number

    def ended(self, event: Any, trained: bool) -> None:
        self.left -= 1
        if self.left == 0:
            for worker in worker_ids():
                os.kill(worker, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="finds workers through /proc")
def test_workers_that_start_beside_the_data_end_with_its_mistake(
    load: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def torn(asked: Any) -> None:
        # what a process runs shows a moment after its start
        until = time.monotonic() + 10
        while len(begun) < 2 and time.monotonic() < until:
            begun[:] = worker_ids()
        raise DataError("the file is torn")

    monkeypatch.setattr("hpstudy.data.load", torn)
    with pytest.raises(DataError, match="^the file is torn$"):
        study.run(load(), tmp_path / "small", workers=2)
    assert len(begun) == 2
    assert worker_ids() == []
    assert not (tmp_path / "small").exists()


def test_a_folder_that_has_results_starts_no_worker_beside_the_data(
    first: Path, load: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hpstudy.engine.started.Started.at", None)
    assert study.run(load(), first, cache=cache).trained == 0


@pytest.mark.skipif(sys.platform != "linux", reason="finds the worker through /proc")
def test_a_dead_worker_fails_its_run_and_the_study_goes_on(
    load: Any, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "small"
    spare: list[bool] = []
    summary = study.run(
        load(),
        folder,
        workers=1,
        cache=cache,
        progress=KillsWorkers(6),
        meanwhile=lambda: spare.append(True),
    )
    assert bool(spare) == (default_workers() > 1)
    assert not summary.complete
    assert summary.statuses["failed"] == 1
    failed = [event for event in events(folder, "run") if event["status"] == "failed"]
    assert "SIGKILL" in failed[0]["reason"]
    assert not summary.unpicked
    report.write(folder)
    assert study.run(load(), folder, cache=cache).trained == 0


def test_a_path_is_no_study_and_what_makes_one_of_it_is_told() -> None:
    with pytest.raises(HpstudyError, match=r"saw str; hpstudy.read\(path\) makes one of a file"):
        study.run("study.yaml")  # type: ignore[arg-type]


def test_two_coordinators_never_write_to_one_study(
    first: Path, load: Any, cache: Path, tmp_path: Path
) -> None:
    import fcntl

    folder = tmp_path / "small"
    folder.mkdir()
    with (folder / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="another process"):
            study.run(load(), folder, cache=cache)


def test_the_rebuilt_model_predicts_what_was_stored(first: Path) -> None:
    found = hpstudy.load(first)
    confirmed = found.runs[found.runs["phase"] == "confirm"]
    for run in confirmed["run"].iloc[[0, -1]]:
        stored = found.arrays(run)["test_outputs"]
        predicted = found.model(run).predict(found.split().x_test, verbose=0)
        np.testing.assert_allclose(predicted, stored, rtol=1e-4, atol=1e-5)


def test_a_run_records_the_flags_that_its_sums_depend_on(first: Path) -> None:
    runs = [e for e in Store(first).events() if e["event"] == "run"]
    flags = {event["numerics"]["xla_flags"] for event in runs if event.get("numerics")}
    assert len(flags) == 1 and "xla_cpu_disable_loop_unrolling" in flags.pop()
    here = processor()
    assert {e["numerics"]["processor"] for e in runs if e.get("numerics")} == {here}


def test_every_line_of_the_store_is_json_with_a_time(first: Path) -> None:
    lines = (first / "runs.jsonl").read_text().splitlines()
    assert all("time" in json.loads(line) for line in lines)


def test_over_all_workers_a_program_is_compiled_once(load: Any, tmp_path: Path) -> None:
    study.run(load(), tmp_path / "small", workers=2, cache=tmp_path / "cold")
    trained = [e for e in events(tmp_path / "small", "run") if "compilations" in e]
    published = list((tmp_path / "cold").glob("*.program"))
    assert len(published) >= len({event["program"] for event in trained})
    assert sum(event["compilations"] for event in trained) == len(published)
    assert sum(event["cache_loads"] for event in trained) > 0
