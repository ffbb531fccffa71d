"""Peers side by side: A B C, A B C, ..., each lap a fresh process, alone on the machine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from hpstudy.bench.configurations import configurations
from hpstudy.bench.laps import Lap
from hpstudy.bench.peers import Peer
from hpstudy.bench.peers.job import Job, result
from hpstudy.bench.process import timed
from hpstudy.bench.studies import Study


def race(
    study: Study, peers: Sequence[Peer], repeats: int, slow_trials: int | None
) -> Iterator[Lap]:
    """Every lap of every peer; the others train `slow_trials` trials where that is given.

    A peer that fails is raced on: its laps say why.
    """
    with tempfile.TemporaryDirectory(prefix="hpstudy-bench-") as folder:
        for repeat in range(repeats):
            for peer in peers:
                trials = (
                    study.trials if peer.own else min(slow_trials or study.trials, study.trials)
                )
                yield run(study, peer, trials, repeat, Path(folder) / str(repeat))


def run(study: Study, peer: Peer, trials: int, repeat: int, folder: Path) -> Lap:
    """One lap; in `folder` the peers of a repeat find the cache that those before them filled."""
    chosen = configurations(study, trials)
    job = Job(study, chosen, folder / peer.name, folder / "cache", peer.options)
    ended = timed(peer.module, [str(job.write())], peer.backend)
    if ended.failure is not None:
        return Lap(repeat, peer.name, len(chosen), ended.seconds, failure=ended.failure)
    found = result(job.folder)
    parts = found["parts"]
    for mark in ("started", "first_ended", "last_ended"):
        if mark in parts:
            parts[mark] -= ended.started
    return Lap(
        repeat,
        peer.name,
        len(chosen),
        ended.seconds,
        found["began"] - ended.started,
        tuple(found["accuracies"]),
        parts,
    )
