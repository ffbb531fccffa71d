"""What the commands take: a parser, its words of help and its examples."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from hpstudy import __version__
from hpstudy.nearby import REPORTS
from hpstudy.usage import no_command, not_taken

LISTS = (
    *("data", "models", "training", "subsets", "search"),
    *("samplers", "oracles", "pruners", "objectives", "study"),
)


def parsed(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command and its name, `command`; bad usage exits with 2."""
    every, commands = parsers()
    wrong = no_command(argv, commands)
    if wrong:
        every.error(wrong)
    args, rest = every.parse_known_args(argv)
    own: argparse.ArgumentParser = args.parser
    if rest:
        own.error(not_taken(rest, getattr(args, "set", ()), own))
    del args.parser
    return args


def parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The whole parser, which gives `command` and its `parser`, and the parser of each command."""
    every = argparse.ArgumentParser(
        prog="python -m hpstudy",
        description="How well does a network do when only a chosen subset of its parameters\n"
        "trains? One study file in, one report out.",
        epilog="example: python -m hpstudy run studies/mlp_bn.yaml\n\n"
        "exit status: 0 done; 1 a run failed or a cell has no confirmed pick; 2 bad\n"
        "input; 130 interrupted, and the same command goes on",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    every.add_argument("--version", action="version", version=f"hpstudy {__version__}")
    commands = every.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, doc: str, example: str) -> argparse.ArgumentParser:
        command = commands.add_parser(
            name,
            help=doc,
            description=f"{doc[0].upper()}{doc[1:]}.",
            epilog=f"example: python -m hpstudy {name} {example}",
            allow_abbrev=False,
        )
        command.set_defaults(command=name, parser=command)
        return command

    run = add(
        "run",
        "run a study, or go on with it, and write its report",
        "studies/mlp_bn.yaml --variant quick --set training.length.epochs=2",
    )
    validate = add(
        "validate",
        "check a study file; print its spaces, networks and bill, and train nothing",
        "studies/mlp_bn.yaml",
    )
    validate.description = (
        f"{validate.description} Data that is not installed is told, with how to get it, and is no "
        "mistake of the file: the exit status is 0."
    )
    for command in (run, validate):
        command.add_argument("file", metavar="FILE", help="the study file, as studies/mlp_bn.yaml")
        command.add_argument(
            "--variant", metavar="V", help="one of the file's `variants:`, as quick"
        )
        command.add_argument(
            "--set",
            metavar="K=V",
            action="append",
            default=[],
            help="set one key of the file, as in training.length.epochs=2; may be repeated",
        )
    run.add_argument(
        "--reports",
        metavar="DIR",
        default=str(REPORTS),
        help="where studies are kept (default: %(default)s)",
    )
    run.add_argument(
        "--workers",
        metavar="N",
        type=_positive,
        help="worker processes (default: one for each GPU, or else for each core)",
    )
    run.add_argument(
        "--fresh", action="store_true", help="move the study's folder aside and start anew"
    )
    run.add_argument(
        "--yes", action="store_true", help="do not ask before --fresh; needed without a terminal"
    )

    report = add(
        "report",
        "write a study's report and CSV files again, from what is stored",
        "reports/mlp_bn",
    )
    dashboard = add(
        "dashboard",
        "open a study in the Optuna dashboard",
        "reports/mlp_bn --port 8080",
    )
    for command in (report, dashboard):
        command.add_argument(
            "folder",
            metavar="FOLDER",
            help="a study's folder, as reports/mlp_bn, or its name there",
        )
    dashboard.add_argument(
        "--port",
        metavar="P",
        type=_port,
        default=8080,
        help="on 127.0.0.1 (default: 8080; 0 takes a free one)",
    )

    lists = add("list", "list what a study file may name", "subsets")
    kinds = f"{', '.join(LISTS[:-1])} or {LISTS[-1]} (default: all of them)"
    lists.add_argument("kind", metavar="KIND", nargs="?", type=_kind, help=kinds)

    bench = add(
        "bench",
        "time hpstudy beside Keras Tuner and Optuna on this machine",
        "small --slow-trials 8 --json bench.json",
    )
    bench.add_argument(
        "names",
        metavar="NAME",
        nargs="*",
        help="small, full and seed race the peers (all three where it is left out); bookkeeping, "
        "report, memory, growth, floor, subsets and lanes measure hpstudy alone",
    )
    for option, words in (
        ("--trials", "trials in place of the benchmark's own number"),
        ("--slow-trials", "trials for the other peers, extrapolated; marked in the table"),
        ("--repeats", "how many times each figure is taken, for its median (3)"),
    ):
        bench.add_argument(option, metavar="N", type=_positive, help=words)
    bench.add_argument("--peers", metavar="P", nargs="+", help="the peers that race (all)")
    bench.add_argument(
        "--only",
        metavar="PART",
        nargs="+",
        help="after the NAME growth (trials, networks) or floor (small, full, seed): its parts to "
        "measure (all)",
    )
    bench.add_argument("--json", metavar="FILE", help="keep every figure in a file, as it is taken")
    bench.add_argument(
        "--quick", action="store_true", help="few trials on small data, once: does it run at all?"
    )
    return every, commands.choices


def _kind(text: str) -> str:
    if text not in LISTS:
        near = get_close_matches(text, LISTS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise argparse.ArgumentTypeError(f"no list of {text}; {hint}allowed: {', '.join(LISTS)}")
    return text


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)
