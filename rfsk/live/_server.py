"""Server of the page: its HTML, and runs as streams of events."""

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ..plotting.style import BLUE, FIELD_COLORS, GREEN, GREY, ORANGE
from ._parameters import N_SITES, Parameters

_AT_ONCE = 4  # largest number of runs; beyond it, the oldest are stopped
# The page must not load anything from other servers.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:"
)


class LiveServer(ThreadingHTTPServer):
    """Server of the page and its runs, for this machine only; port 0 selects a free port."""

    daemon_threads = True

    def __init__(self, port: int, defaults: Parameters) -> None:
        self.page = _document(defaults)
        self._runs: list[threading.Event] = []
        self._change = threading.Condition()
        self._is_closing = False
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def n_running(self) -> int:
        """Number of active runs."""
        return len(self._runs)

    @contextmanager
    def run(self) -> Iterator[threading.Event]:
        """Count a run while it is active; the run must end when the event is set."""
        stop = threading.Event()
        with self._change:
            self._runs.append(stop)
            for run in self._runs if self._is_closing else self._runs[:-_AT_ONCE]:
                run.set()
        try:
            yield stop
        finally:
            with self._change:
                self._runs.remove(stop)
                self._change.notify_all()

    def stop_runs(self) -> None:
        """Stop all runs, including those that are about to begin, and wait until they end."""
        with self._change:
            self._is_closing = True
            for stop in self._runs:
                stop.set()
            self._change.wait_for(lambda: not self._runs)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore disconnected browsers."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Handler of one request."""

    server: LiveServer
    timeout = 30.0  # seconds without a request or a read

    def do_GET(self) -> None:
        """Send the page, or the events of a run."""
        address = urlsplit(self.path)
        if address.path == "/":
            self._send(HTTPStatus.OK, "text/html", self.server.page)
        elif address.path == "/run":
            self._run(dict(parse_qsl(address.query, keep_blank_values=True)))
        else:
            self._send(
                HTTPStatus.NOT_FOUND,
                "text/plain",
                f"{address.path} is not here; expected / (the page) or /run (the events of a run).",
            )

    def _run(self, query: dict[str, str]) -> None:
        try:
            parameters = Parameters.from_query(query)
        except ValueError as error:
            self._send(HTTPStatus.BAD_REQUEST, "text/plain", str(error))
            return
        from ._events import events  # torch is imported with the first run

        with self.server.run() as stop, closing(events(parameters, stop)) as run:
            self._send(HTTPStatus.OK, "application/x-ndjson")
            for event in run:
                self.wfile.write(json.dumps(event, allow_nan=False).encode() + b"\n")

    def _send(self, status: HTTPStatus, kind: str, text: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Security-Policy", _POLICY)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        """Print nothing to the terminal or notebook."""


def _document(defaults: Parameters) -> str:
    """HTML of the page with the defaults of its sliders and the colours of the displays."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    settings = {
        "defaults": asdict(defaults),
        "n_sites": N_SITES,
        "field_colors": [to_hex(color) for color in colormaps[FIELD_COLORS](range(256))],
        "colors": {"positive": BLUE, "negative": GREEN, "clone": ORANGE, "reference": GREY},
    }
    page = files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return page.replace("/* settings */", json.dumps(settings))
