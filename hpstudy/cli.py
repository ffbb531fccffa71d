"""The command line: arguments in, exit statuses out.

Exit status: 0 done; 1 a run failed or a cell has no confirmed pick; 2 bad input; 130 interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from hpstudy.arguments import parsed
from hpstudy.commands import BAD_INPUT, COMMANDS, INCOMPLETE, INTERRUPTED, command
from hpstudy.errors import HpstudyError, WorkerError

BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status; argparse itself exits with 2 for bad usage."""
    given = list(sys.argv[1:] if argv is None else argv)
    args = parsed(given)
    args.whole = command(*given)
    args.again = command(*(word for word in given if word not in ("--fresh", "--yes")))
    with _sigterm_interrupts():
        try:
            status = COMMANDS[args.command](args)
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
