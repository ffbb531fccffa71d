"""The benchmarks by name, and what runs the ones that a user asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from hpstudy.bench.bookkeeping import bookkeeping
from hpstudy.bench.contest import contest
from hpstudy.bench.floor import floor
from hpstudy.bench.growth import PARTS, growth
from hpstudy.bench.lanes import lanes
from hpstudy.bench.machine import machine
from hpstudy.bench.memory import memory
from hpstudy.bench.options import Options
from hpstudy.bench.outcome import Figures, Findings, show
from hpstudy.bench.report import report
from hpstudy.bench.studies import STUDIES
from hpstudy.bench.subsets import subsets
from hpstudy.errors import HpstudyError
from hpstudy.spec.problems import nearest


@dataclass(frozen=True)
class Bench:
    """A benchmark: one line about it, what runs it, and the parts that it can be asked for alone.

    `run` gives all that was found so far, each time that something more is complete.
    """

    doc: str
    run: Callable[[Options], Iterator[Findings]]
    parts: tuple[str, ...] = ()


def _race(name: str) -> Bench:
    study = STUDIES[name]
    doc = f"{study.trials} trials of {study.epochs} epochs on {study.data.name}, beside the peers"
    return Bench(doc, partial(contest, name))


BENCHES: dict[str, Bench] = {
    **{name: _race(name) for name in STUDIES},
    "bookkeeping": Bench("a trial's cost beside its training, as trials pile up", bookkeeping),
    "report": Bench("a report's seconds and size, as trials and cells pile up", report),
    "memory": Bench("how processes grow over 500 runs of as many architectures", memory),
    "growth": Bench("what more trials, deeper and wider networks cost", growth, PARTS),
    "floor": Bench(
        "training time beside what its matrix products alone would take",
        floor,
        tuple(STUDIES),
    ),
    "subsets": Bench("an epoch of each subset beside one of full training", subsets),
    "lanes": Bench("run-epochs a second as more runs train side by side", lanes),
}

_COMMAND = "python -m hpstudy bench"


def run(names: Sequence[str], options: Options, stream: TextIO, kept: Path | None = None) -> bool:
    """Run benchmarks, show each when it ends; True where nothing failed.

    `kept` names a JSON file for every figure, written anew whenever there are more. What ends a
    benchmark early, as Ctrl-C does, is raised once its tables so far are shown. No names: the three
    races. Raises HpstudyError for what cannot be run or kept, before anything runs.
    """
    wanted = names or tuple(STUDIES)
    _check(names, options.only or ())
    figures = Figures(kept)
    return all([_run(name, options, stream, figures) for name in wanted])


def _run(name: str, options: Options, stream: TextIO, figures: Figures) -> bool:
    here, found, complete = machine(), Findings(()), False
    try:
        for found in BENCHES[name].run(options):
            figures.take(name, here, found)
            options.say(found.news)
        complete = True
    finally:
        show(name, here, found, complete, stream)
        if found.data or complete:
            figures.take(name, here, found, complete)
    return not found.failed


def _check(names: Sequence[str], only: Sequence[str]) -> None:
    if only and not names:
        _nameless(only)
    for name in names:
        if name not in BENCHES:
            raise HpstudyError(f"unknown benchmark `{name}`; {nearest(name, list(BENCHES))}")
        parts = BENCHES[name].parts
        if only and not parts:
            having = " and ".join(name for name, one in BENCHES.items() if one.parts)
            say = f"write `{_COMMAND} {name}`; {having} take --only"
            raise HpstudyError(f"`{name}` has no parts to choose from: {say}")
        for part in only:
            if part not in parts:
                raise HpstudyError(f"`{name}` has no part `{part}`; {nearest(part, list(parts))}")


def _nameless(only: Sequence[str]) -> None:
    """Raise for --only without the benchmark whose parts it names, with what to write."""
    wanted = " ".join(only)
    write = [
        f"{_COMMAND} {name} --only {wanted}"
        for name, one in BENCHES.items()
        if {*only} <= {*one.parts}
    ]
    if len(only) == 1 and only[0] in BENCHES:
        write.append(f"{_COMMAND} {wanted}")
    parts = (f"{name} ({', '.join(one.parts)})" for name, one in BENCHES.items() if one.parts)
    say = "write " + " or ".join(f"`{one}`" for one in write)
    say = say if write else f"parts there are: {', '.join(parts)}"
    raise HpstudyError(f"--only names parts of one benchmark, and none is named; {say}")
