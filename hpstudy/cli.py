"""The commands: arguments in, exit codes out.

Exit status: 0 done; 1 a run failed or a cell has no confirmed pick; 2 bad input; 130 interrupted.
Everything heavy is imported inside the command that needs it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from hpstudy import __version__
from hpstudy.errors import HpstudyError, WorkerError

if TYPE_CHECKING:
    from hpstudy.analysis import Claims
    from hpstudy.spec.study import Spec

DONE, INCOMPLETE, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
LISTS = ("data", "models", "training", "subsets", "samplers", "oracles", "pruners", "objectives")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status; argparse itself exits with 2 for bad usage."""
    given = list(sys.argv[1:] if argv is None else argv)
    args = _parser().parse_args(given)
    args.again = _command(*(word for word in given if word not in ("--fresh", "--yes")))
    with _sigterm_interrupts():
        try:
            status: int = args.command(args)
            sys.stdout.flush()
            return status
        except HpstudyError as error:
            print(error, file=sys.stderr)
            return INCOMPLETE if isinstance(error, WorkerError) else BAD_INPUT
        except KeyboardInterrupt:
            return INTERRUPTED
        except BrokenPipeError:
            # whoever read our output is gone; the interpreter must not fail again on its flush
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return BROKEN_PIPE


def _run(args: argparse.Namespace) -> int:
    from hpstudy import bill, data, extremes, fresh, study, terminal

    spec = _spec(args)
    found = extremes.check(spec, data.sizes(spec.data))
    folder = Path(args.reports) / spec.name
    if args.fresh and folder.exists():
        data.load(spec.data)
        moved = fresh.move_aside(folder, _yes if args.yes else _ask)
        print(f"Moved {folder} to {moved}")
    print("\n".join(bill.networks(found)), end="\n\n", flush=True)
    try:
        with terminal.progress(sys.stdout) as progress:
            summary = study.run(spec, folder, workers=args.workers, progress=progress)
    except KeyboardInterrupt:
        print(f"Stopped. To go on: {args.again}", file=sys.stderr, flush=True)
        _write_report(folder)
        return INTERRUPTED
    claims = _write_report(folder)
    if claims is not None:
        print("\n".join(terminal.outcome(claims, _width())))
    for name, why in summary.ended.items():
        print(f"\n{name} has no pick: {why}")
    print(f"\nDashboard: {_command('dashboard', str(folder))}")
    return DONE if summary.complete else INCOMPLETE


def _write_report(folder: Path) -> Claims | None:
    from hpstudy import analysis, report
    from hpstudy.store import Store

    if not any(event["event"] == "run" for event in Store(folder).events()):
        return None
    claims = analysis.claims(folder)
    print(f"\nReport: {report.write(folder, claims)}\n", flush=True)
    return claims


def _validate(args: argparse.Namespace) -> int:
    from hpstudy import bill, data, extremes
    from hpstudy.engine.devices import fleet
    from hpstudy.engine.flight import in_flight
    from hpstudy.hypermodels import HYPERMODELS

    spec = _spec(args)
    sizes = data.sizes(spec.data)
    found = extremes.check(spec, sizes)
    power = bill.power(spec.confirm_seeds, sizes.test)
    cost = bill.bill(spec, sizes)
    trains = fleet(None, spec.engine, in_flight(spec, HYPERMODELS))
    print("\n".join(bill.validation(spec, sizes, found, cost, power, trains)))
    return DONE


def _report(args: argparse.Namespace) -> int:
    from hpstudy import analysis, report, terminal

    claims = analysis.claims(args.folder)
    path = report.write(args.folder, claims)
    print("\n".join(terminal.outcome(claims, _width())))
    print(f"\nReport: {path}")
    return DONE


def _dashboard(args: argparse.Namespace) -> int:
    from hpstudy.search import dashboard

    dashboard.serve(args.folder, args.port)
    return DONE


def _list(args: argparse.Namespace) -> int:
    from hpstudy.terminal import listing

    for number, kind in enumerate([args.kind] if args.kind else LISTS):
        print(("\n" if number else "") + "\n".join(listing.listing(kind, _width())))
    return DONE


def _bench(args: argparse.Namespace) -> int:
    from hpstudy import bench

    options = bench.Options(
        trials=args.trials,
        slow_trials=args.slow_trials,
        repeats=args.repeats,
        peers=tuple(args.peers) if args.peers else None,
        quick=args.quick,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    sound = bench.run(args.names, options, sys.stdout, Path(args.json) if args.json else None)
    return DONE if sound else INCOMPLETE


def _spec(args: argparse.Namespace) -> Spec:
    from hpstudy import spec
    from hpstudy.cautions import cautions
    from hpstudy.study import REGISTRIES

    found = spec.load(args.file, REGISTRIES, variant=args.variant, edits=args.set)
    for line in cautions(found):
        print(line, file=sys.stderr)
    return found


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        raise HpstudyError(f"{question} There is no terminal to ask on: add --yes to say so.")
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _yes(question: str) -> bool:
    return True


def _width() -> int | None:
    """Columns to wrap at; None where no terminal reads."""
    return min(shutil.get_terminal_size().columns, 100) if sys.stdout.isatty() else None


def _command(*words: str) -> str:
    return shlex.join([Path(sys.executable).name, "-m", "hpstudy", *words])


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """SIGTERM stops as cleanly as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hpstudy",
        description="How well does a network do when only a chosen subset of its parameters "
        "trains? One study file in, one report out.",
        epilog="example: python -m hpstudy run studies/mlp_bn.yaml",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"hpstudy {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, action: object, doc: str, example: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=doc,
            description=f"{doc[0].upper()}{doc[1:]}.",
            epilog=f"example: python -m hpstudy {name} {example}",
            allow_abbrev=False,
        )
        command.set_defaults(command=action)
        return command

    run = add(
        "run",
        _run,
        "run a study, or go on with it, and write its report",
        "studies/mlp_bn.yaml --variant quick --set training.length.epochs=2",
    )
    validate = add(
        "validate",
        _validate,
        "check a study file; print its spaces, networks and bill, and train nothing",
        "studies/mlp_bn.yaml",
    )
    for command in (run, validate):
        command.add_argument("file", metavar="FILE", help="the study file")
        command.add_argument("--variant", metavar="V", help="one of the file's variants")
        command.add_argument(
            "--set",
            metavar="K=V",
            action="append",
            default=[],
            help="change one key, as in training.length.epochs=2; may be given several times",
        )
    run.add_argument(
        "--reports", metavar="DIR", default="reports", help="where studies are kept (./reports)"
    )
    run.add_argument("--workers", metavar="N", type=_positive, help="processes (one for each core)")
    run.add_argument(
        "--fresh", action="store_true", help="move the study's folder aside and start anew"
    )
    run.add_argument("--yes", action="store_true", help="answer yes to the question of --fresh")

    report = add(
        "report",
        _report,
        "write a study's report and CSV files again, from what is stored",
        "reports/mlp_bn",
    )
    dashboard = add(
        "dashboard",
        _dashboard,
        "open a study in the Optuna dashboard",
        "reports/mlp_bn --port 8080",
    )
    for command in (report, dashboard):
        command.add_argument("folder", metavar="FOLDER", help="a study's folder")
    dashboard.add_argument(
        "--port", metavar="P", type=_port, default=8080, help="8080; 0 takes a free one"
    )

    lists = add("list", _list, "list what a study file may name", "subsets")
    lists.add_argument("kind", nargs="?", choices=LISTS, help="all of them where it is left out")

    bench = add(
        "bench",
        _bench,
        "time hpstudy beside Keras Tuner and Optuna on this machine",
        "small --slow-trials 8 --json bench.json",
    )
    bench.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="small, full and seed race the peers (all three where it is left out); bookkeeping, "
        "report, memory, growth, floor and lanes measure hpstudy alone",
    )
    for option, words in (
        ("--trials", "trials in place of the benchmark's own number"),
        ("--slow-trials", "trials for the other peers, extrapolated; marked in the table"),
        ("--repeats", "how many times each figure is taken, for its median (3)"),
    ):
        bench.add_argument(option, metavar="N", type=_positive, help=words)
    bench.add_argument("--peers", metavar="P", nargs="+", help="the peers that race (all)")
    bench.add_argument("--json", metavar="FILE", help="keep every figure in a file")
    bench.add_argument(
        "--quick", action="store_true", help="few trials on small data, once: does it run at all?"
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
