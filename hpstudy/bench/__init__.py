"""Benchmarks that run on the user's own machine: peers side by side, and what hpstudy costs.

Floor 7. Every figure is taken in a fresh process, and a ratio only ever compares runs of one
benchmark on one machine.
"""

from __future__ import annotations

from hpstudy.bench.command import BENCHES, run
from hpstudy.bench.options import Options
from hpstudy.bench.peers import PEERS

__all__ = ["BENCHES", "PEERS", "Options", "run"]
