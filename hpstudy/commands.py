"""What each command does: parsed arguments in, an exit status out.

Everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

import argparse
import contextlib
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from hpstudy.arguments import LISTS
from hpstudy.errors import HpstudyError

if TYPE_CHECKING:
    from hpstudy.analysis import Claims
    from hpstudy.engine.devices import Fleet
    from hpstudy.spec.study import Spec

DONE, INCOMPLETE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def _run(args: argparse.Namespace) -> int:
    from hpstudy import bill, data, extremes, fresh, study, terminal
    from hpstudy.store import REPORT

    spec = _spec(args)
    sizes = data.sizes(spec.data)
    found = extremes.check(spec, sizes)
    typical = bill.typical(spec, sizes, _fleet(spec, args.workers))
    folder = Path(args.reports) / spec.name

    aside = args.fresh and folder.exists()

    def sound() -> None:
        nonlocal aside
        if aside:
            moved = fresh.move_aside(folder, _yes if args.yes else _ask)
            aside = False
            print(f"Moved {folder} to {moved}", flush=True)

    known = bill.networks(found)
    head = [*known, ""] if known else []
    try:
        with terminal.progress(sys.stdout, typical, head) as progress:
            summary = study.run(
                spec,
                folder,
                workers=args.workers,
                progress=progress,
                sound=sound,
                meanwhile=_import_report,
            )
    except KeyboardInterrupt:
        if aside:
            print(f"Stopped; {folder} is as it was. To begin: {args.whole}", file=sys.stderr)
            return INTERRUPTED
        print("Stopped.", file=sys.stderr, flush=True)
        try:
            written = _write_report(folder)
            if written is not None:
                print(f"Report so far: {written[1]}", flush=True)
        except KeyboardInterrupt:
            # a second Ctrl-C: no report of these runs, but one of before may lie there
            if (earlier := folder / REPORT).exists():
                print(f"Earlier report: {earlier}", flush=True)
            raise
        finally:
            # last, and after a second Ctrl-C too: what the next command is
            print(f"To go on: {args.again}", file=sys.stderr)
        return INTERRUPTED
    written = _write_report(folder)
    if written is not None:
        claims, path = written
        print(f"\nReport: {path}\n", flush=True)
        print("\n".join(terminal.outcome(claims, _width())))
    for name, why in summary.ended.items():
        print(f"\n{name} has no pick: {why}")
    print(f"\nDashboard: {command('dashboard', str(folder))}")
    return DONE if summary.complete else INCOMPLETE


def _import_report() -> None:
    """Import what the report needs, or nothing where that is done."""
    # what is wrong with it is told where the report is written, with all runs on disk
    with contextlib.suppress(Exception):
        from hpstudy import analysis, report  # noqa: F401


def _write_report(folder: Path) -> tuple[Claims, Path] | None:
    """What the study found and its report; None where no run has ended."""
    from hpstudy import analysis, report
    from hpstudy.store import Store

    if not any(event["event"] == "run" for event in Store(folder).events()):
        return None
    claims = analysis.claims(folder)
    return claims, report.write(folder, claims)


def _validate(args: argparse.Namespace) -> int:
    from hpstudy import bill, controls, data, extremes

    spec = _spec(args)
    sizes = data.sizes(spec.data)
    found = extremes.check(spec, sizes)
    for doubt in controls.doubts(spec, sizes):
        print(f"doubtful: {doubt}", file=sys.stderr)
    power = bill.power(spec.confirm_seeds, sizes.test)
    trains = _fleet(spec, None)
    cost = bill.bill(spec, sizes, trains)
    lacks = data.missing(spec.data)
    print("\n".join(bill.validation(spec, sizes, found, cost, power, trains, lacks)))
    return DONE


def _report(args: argparse.Namespace) -> int:
    from hpstudy import analysis, nearby, report, terminal

    folder = nearby.named(args.folder)
    claims = analysis.claims(folder)
    path = report.write(folder, claims)
    print("\n".join(terminal.outcome(claims, _width())))
    print(f"\nReport: {path}")
    return DONE


def _dashboard(args: argparse.Namespace) -> int:
    from hpstudy import nearby
    from hpstudy.search import dashboard

    dashboard.serve(nearby.named(args.folder), args.port)
    return DONE


def _list(args: argparse.Namespace) -> int:
    from hpstudy.terminal import listing

    # one entry a line where a program reads
    width = _width() if sys.stdout.isatty() else None
    for number, kind in enumerate([args.kind] if args.kind else LISTS):
        print(("\n" if number else "") + "\n".join(listing.listing(kind, width)))
    return DONE


def _bench(args: argparse.Namespace) -> int:
    from hpstudy import bench

    options = bench.Options(
        trials=args.trials,
        slow_trials=args.slow_trials,
        repeats=args.repeats,
        peers=tuple(args.peers) if args.peers else None,
        only=tuple(args.only) if args.only else None,
        quick=args.quick,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    sound = bench.run(args.names, options, sys.stdout, Path(args.json) if args.json else None)
    return DONE if sound else INCOMPLETE


def _spec(args: argparse.Namespace) -> Spec:
    from hpstudy import study

    found = study.read(args.file, variant=args.variant, edits=args.set)
    for caution in found.cautions:
        print(caution, file=sys.stderr)
    return found


def _fleet(spec: Spec, workers: int | None) -> Fleet:
    """The workers that this machine gives a study."""
    from hpstudy.engine.devices import fleet
    from hpstudy.engine.flight import in_flight
    from hpstudy.hypermodels import HYPERMODELS

    return fleet(workers, spec.engine, in_flight(spec, HYPERMODELS))


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        raise HpstudyError(f"{question} There is no terminal to ask on; add --yes.")
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _yes(question: str) -> bool:
    return True


def _width() -> int:
    """Columns to wrap at: the window's, and 80 where there is none."""
    return max(40, min(shutil.get_terminal_size().columns, 100))


def command(*words: str) -> str:
    return shlex.join([Path(sys.executable).name, "-m", "hpstudy", *words])


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "run": _run,
    "validate": _validate,
    "report": _report,
    "dashboard": _dashboard,
    "list": _list,
    "bench": _bench,
}
