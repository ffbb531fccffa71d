"""What somebody is told whose command, option or argument is not known: the nearest that is."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

# what other programs call a command
OTHERS = {
    **dict.fromkeys(("train", "search", "start", "tune", "fit", "resume"), "run"),
    **dict.fromkeys(("check", "lint", "plan", "test"), "validate"),
    **dict.fromkeys(("html", "plot", "show", "analyse", "analyze"), "report"),
    **dict.fromkeys(("ui", "serve", "optuna-dashboard"), "dashboard"),
    **dict.fromkeys(("ls", "settings"), "list"),
    **dict.fromkeys(("time", "speed"), "bench"),
    "help": "--help",
    "version": "--version",
}


def no_command(argv: Sequence[str], commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """What somebody is told who starts with no command; nothing where argparse knows the word."""
    first = next(iter(argv), "-h")
    if first in commands:
        return ""
    if first.startswith("-"):
        option = first.partition("=")[0]
        taken = [name for name, own in commands.items() if option in _options(own)]
        return f"{option} comes after its command: {' or '.join(taken)}" if taken else ""
    near = _meant(first, commands)
    hint = f"did you mean {near}? " if near else ""
    return f"there is no command {first}; {hint}allowed: {', '.join(commands)}"


def _meant(word: str, commands: Mapping[str, argparse.ArgumentParser]) -> str:
    """The command that somebody meant by a word, as it is written; nothing where none is near."""
    if word.endswith((".yaml", ".yml")):
        return f"run {word}"
    if word.lower() in OTHERS:
        return OTHERS[word.lower()]
    return "".join(get_close_matches(word.lower(), commands, n=1))


def _options(command: argparse.ArgumentParser) -> list[str]:
    return re.findall(r"--[a-z-]+", command.format_usage())


def not_taken(rest: Sequence[str], edits: Sequence[str], command: argparse.ArgumentParser) -> str:
    """What a command is told about the arguments that it does not take; `edits` are its --set."""
    given = next((word for word in rest if word.startswith("-")), rest[0])
    word = given.partition("=")[0]
    parted = [one for one in edits if "=" not in one]
    if parted and not word.startswith("-"):
        return f"--set takes one word: --set {parted[0]}={given}"
    options = [*_options(command), "--help"]
    variant = word.lstrip("-")
    named = f"--variant {variant}" if variant.isidentifier() and "--variant" in options else ""
    if not word.startswith("-"):
        return f"one argument too many: {word}" + (f"; did you mean {named}?" if named else "")
    near = get_close_matches(word, options, n=1) or [named] * (word == "--quick" and bool(named))
    hint = f"did you mean {near[0]}? " if near else ""
    return f"there is no option {word}; {hint}allowed: {', '.join(options)}"
