"""The server behind the page: its HTML, and runs as streams of events."""

import json
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ._document import document
from ._parameters import Parameters

_AT_ONCE = 4  # runs; of more, the oldest is stopped
# The page needs nothing from elsewhere, and may not ask for it.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:"
)


class LiveServer(ThreadingHTTPServer):
    """Serves the page and its runs on this machine alone.

    Parameters
    ----------
    port : int
        0 for a free one.
    defaults : Parameters
        What the page begins with.
    """

    daemon_threads = True

    def __init__(self, port: int, defaults: Parameters) -> None:
        self.defaults = defaults
        self._runs: OrderedDict[str, threading.Event] = OrderedDict()
        self._change = threading.Condition()
        self._n_running = 0
        self._is_closing = False
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def n_running(self) -> int:
        """Number of runs under way."""
        return self._n_running

    @contextmanager
    def run(self, page: str) -> Iterator[threading.Event]:
        """Count a run while it lasts; it is to end when the event it gets is set.

        An earlier run of the same page is stopped, and the oldest where there are too many.
        """
        stop = threading.Event()
        with self._change:
            if self._is_closing:
                stop.set()
            if page in self._runs:
                self._runs.pop(page).set()
            self._runs[page] = stop
            if len(self._runs) > _AT_ONCE:
                self._runs.popitem(last=False)[1].set()
            self._n_running += 1
        try:
            yield stop
        finally:
            with self._change:
                if self._runs.get(page) is stop:
                    del self._runs[page]
                self._n_running -= 1
                self._change.notify_all()

    def stop_runs(self) -> None:
        """Stop all runs, those to come as well, and wait until they have ended."""
        with self._change:
            self._is_closing = True
            for stop in self._runs.values():
                stop.set()
            self._change.wait_for(lambda: not self._n_running)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: LiveServer
    timeout = 30.0  # seconds that a browser may neither ask nor read

    def do_GET(self) -> None:
        """Send the page, or the events of a run."""
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        if address.path == "/":
            self._send(HTTPStatus.OK, "text/html", document(self.server.defaults))
        elif address.path == "/run":
            self._run(query)
        else:
            self._send(
                HTTPStatus.NOT_FOUND,
                "text/plain",
                f"{address.path} is not here; expected / (the page) or /run (the events of a run).",
            )

    def _run(self, query: dict[str, str]) -> None:
        page = query.pop("page", "")
        try:
            parameters = Parameters.from_query(query)
        except ValueError as error:
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", str(error))
            return
        from ._events import events  # torch is imported with the first run

        with self.server.run(page) as stop:
            self._begin(HTTPStatus.OK, "application/x-ndjson")
            run = events(parameters, stop)
            try:
                for event in run:
                    self.wfile.write(json.dumps(event, allow_nan=False).encode() + b"\n")
            finally:
                run.close()

    def _begin(self, status: HTTPStatus, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()

    def _send(self, status: HTTPStatus, kind: str, text: str) -> None:
        self._begin(status, kind)
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        """Keep the terminal, or the notebook, quiet."""
