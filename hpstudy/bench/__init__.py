"""Benchmarks that run on the user's own machine: peers side by side, and what hpstudy costs.

Floor 7. Every figure is taken in a fresh process, and a ratio only ever compares runs of one
benchmark on one machine. A benchmark gives what it has found after each lap, and `command` keeps
that at once and shows it at the end.

    command, options, outcome, table, machine      what every benchmark shares
    process                                        a part of one in a process of its own
    contest, race, laps, standing                  small, full, seed; who races is in peers/
    studies, configurations                        what they train
    floor, taken, shares                           floor; with products, cores, peak, epochs
    subsets, abreast                               subsets
    growth, networks                               growth
    lanes, laned, traffic                          lanes
    bookkeeping, untrained, asks                   bookkeeping
    report, large                                  report
    memory, resident                               memory
    atonce, madeup                                 a study whose runs end at once, and its results
"""

from __future__ import annotations

from hpstudy.bench.command import BENCHES, run
from hpstudy.bench.options import Options
from hpstudy.bench.peers import PEERS

__all__ = ["BENCHES", "PEERS", "Options", "run"]
