"""The pool of workers: a death costs the run that was in flight, and no other."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hpstudy.data import shared
from hpstudy.engine.devices import Fleet, default_workers
from hpstudy.engine.executor import Done, LocalExecutor
from hpstudy.engine.job import Job
from hpstudy.engine.started import ahead
from hpstudy.errors import WorkerError


@pytest.fixture
def start(digits: Any, cache: Path, tmp_path: Path) -> dict[str, Any]:
    folders = shared.write(digits, tmp_path)
    return {"data": folders["train"], "cache": str(cache), "dtype": "float32"}


def finished(executor: LocalExecutor) -> Done:
    while True:
        for event in executor.wait(timeout=60):
            if isinstance(event, Done):
                return event


def children() -> list[int]:
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [
        int(pid)
        for pid in listed
        if b"hpstudy.engine.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers through /proc")
def test_a_worker_that_dies_idle_costs_no_run(
    start: dict[str, Any], job: Callable[..., Job], tmp_path: Path
) -> None:
    with (
        ahead(Fleet(1), 4, start["dtype"]) as early,
        LocalExecutor(Fleet(1), start, tmp_path, early) as executor,
    ):
        pid = early[0].process.pid
        executor.submit(replace(job(), run="first"), "kind")
        assert not early and executor.spare == (default_workers() > 1)
        assert finished(executor).record["status"] == "finished"
        assert children() == [pid] and executor.spare
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        executor.submit(replace(job(), run="second"), "kind")
        done = finished(executor)
        assert (done.run, done.record["status"]) == ("second", "finished")
    assert children() == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads what a worker was given")
def test_a_users_own_allocator_settings_win(
    start: dict[str, Any],
    job: Callable[..., Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "3")
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    with LocalExecutor(Fleet(1), start, tmp_path) as executor:
        executor.submit(job(), "kind")
        finished(executor)
        (pid,) = children()
        given = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert {b"MALLOC_ARENA_MAX=3", b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1"} <= set(given)


def test_a_worker_that_cannot_start_says_why(start: dict[str, Any], tmp_path: Path) -> None:
    with LocalExecutor(Fleet(1), start | {"data": "/nowhere"}, tmp_path) as executor:
        executor.submit(Job("run", {}, {}, "accuracy", "last", True), "kind")
        with pytest.raises(WorkerError, match="no stored split"):
            finished(executor)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds workers through /proc")
def test_a_worker_that_dies_fails_all_the_runs_it_held_and_no_others(
    start: dict[str, Any], job: Callable[..., Job], tmp_path: Path
) -> None:
    with LocalExecutor(Fleet(1, lanes=2), start, tmp_path) as executor:
        for number in range(3):
            executor.submit(replace(job(rungs=(1,)), run=f"held {number}"), "kind")
        # one run waits at its rung, and is not answered
        while not executor.wait(timeout=60):
            pass
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        ended: list[Done] = []
        while len(ended) < 3:
            ended += [one for one in executor.wait(timeout=60) if isinstance(one, Done)]
        executor.submit(replace(job(), run="after"), "kind")
        while len(ended) < 4:
            ended += [one for one in executor.wait(timeout=60) if isinstance(one, Done)]
        statuses = {done.run: done.record["status"] for done in ended}
        assert statuses["after"] == "finished"
        assert [statuses[f"held {number}"] for number in range(3)] == ["failed"] * 3
    assert children() == []
