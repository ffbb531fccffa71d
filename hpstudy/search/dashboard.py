"""The Optuna dashboard on a study's folder, on this machine only."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from threading import Lock
from typing import Any, TextIO
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from hpstudy.errors import HpstudyError, MissingPackage
from hpstudy.nearby import no_study
from hpstudy.search.view import View
from hpstudy.store import Store

HOST = "127.0.0.1"


def serve(folder: str | os.PathLike[str], port: int = 8080, out: TextIO | None = None) -> None:
    """Print the dashboard's address and answer until interrupted; port 0 takes a free one.

    Reads `runs.jsonl` and writes nothing, so it may run beside the study itself. Raises
    StoreError where the folder holds no study, HpstudyError where the port is taken.
    """
    with server(folder, port) as running:
        print(f"Dashboard: http://{HOST}:{running.server_port}/  (Ctrl-C stops it)", file=out)
        (out or sys.stdout).flush()
        running.serve_forever()


def server(folder: str | os.PathLike[str], port: int) -> WSGIServer:
    """The dashboard's server, listening and not yet answering: `serve_forever`, `shutdown`."""
    store = Store(folder)
    if not store.exists:
        raise no_study(store.folder)
    try:
        from optuna_dashboard import wsgi  # type: ignore[import-untyped]
    except ImportError:
        raise MissingPackage("the dashboard is missing: pip install optuna-dashboard") from None
    try:
        return make_server(HOST, port, _Application(store, wsgi), _Threads, _Silent)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise HpstudyError(
            f"port {port} of {HOST} is taken; name another one with --port, or 0 for any free one"
        ) from None


class _Application:
    """The dashboard over the store as it stands: made again when the store has grown."""

    def __init__(self, store: Store, dashboard: Callable[[Any], Any]) -> None:
        self._dashboard = dashboard
        self._store = store
        self._log = store.folder / "runs.jsonl"
        self._lock = Lock()
        self._size = -1
        self._due = 0.0
        self._app: Callable[..., Iterable[bytes]]
        self._refresh()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._lock:
            self._refresh()
            app = self._app
        return app(environ, start_response)

    def _refresh(self) -> None:
        size, now = self._log.stat().st_size, time.monotonic()
        if size == self._size or now < self._due:
            return
        self._app = self._dashboard(View.of(self._store).storage)
        self._size = size
        # a large study must not spend its time on views that nobody looks at
        self._due = time.monotonic() + 5 * (time.monotonic() - now)


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not worth a line each."""
