"""Peers side by side: A B C, A B C, ..., each lap a fresh process, alone on the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from hpstudy.bench.configurations import configurations
from hpstudy.bench.laps import Lap
from hpstudy.bench.peers import Peer
from hpstudy.bench.peers.job import Job, result
from hpstudy.bench.process import timed
from hpstudy.bench.studies import Study


def race(
    study: Study,
    peers: Sequence[Peer],
    repeats: int,
    slow_trials: int | None,
    folder: Path,
    say: Callable[[str], None],
) -> list[Lap]:
    """Every lap of every peer; the others train `slow_trials` trials where that is given.

    A peer that fails is raced on: its laps say why.
    """
    laps = []
    for repeat in range(repeats):
        for peer in peers:
            trials = study.trials if peer.own else min(slow_trials or study.trials, study.trials)
            place = folder / f"{study.name}-{repeat}"
            job = Job(
                study,
                configurations(study, trials),
                place / peer.name,
                place / "cache",
                peer.options,
            )
            lap = _lap(peer, repeat, job)
            laps.append(lap)
            outcome = "failed" if lap.failure else f"{lap.wall:.1f} s"
            head = f"{study.name}, repeat {repeat + 1} of {repeats}"
            say(f"{head}: {peer.name}, {trials} trials, {outcome}")
    return laps


def _lap(peer: Peer, repeat: int, job: Job) -> Lap:
    ended = timed(peer.module, [str(job.write())], peer.backend)
    count = len(job.configurations)
    if ended.failure is not None:
        return Lap(repeat, peer.name, count, ended.seconds, failure=ended.failure)
    found = result(job.folder)
    parts = found["parts"]
    for mark in ("started", "first_ended", "last_ended"):
        if mark in parts:
            parts[mark] -= ended.started
    return Lap(
        repeat,
        peer.name,
        count,
        ended.seconds,
        found["began"] - ended.started,
        tuple(found["accuracies"]),
        parts,
    )
