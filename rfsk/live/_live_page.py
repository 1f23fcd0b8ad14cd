"""LivePage: a browser page on which fields form while the user moves sliders."""

import atexit
import threading

from .._core._validation import check_one_per_class, check_positive
from ._parameters import Parameters
from ._server import LiveServer

_POLL = 0.05  # seconds until a closed page is detected


class LivePage:
    """A browser page on which receptive fields form live, with sliders for the inputs.

    It shows inputs of two classes on a ring of 40 sites, the fields of an `FCNet` that
    distinguishes them, those of the same net on the Gaussian clone, and the IPR of both compared
    with theory. The page is served to this machine only. A notebook shows a page at the end of a
    cell if kernel and browser run on the same machine.

    Parameters
    ----------
    port : int, default=0
        Port of the page; 0 selects a free port.
    gain : float, default=3.0
        Initial gain of the inputs.
    correlation_length : (float, float), default=(2.0, 4.0)
        Initial correlation lengths of both classes, in sites, the shorter one first.
    random_state : int, default=0
        Initial seed of net and samples.
    height : int, default=820
        Height of the page in a notebook, in pixels.

    Attributes
    ----------
    url : str
        Address of the page. A query sets the sliders: ``?gain=0.1&short=2&long=4&seed=1&speed=2``.
    port : int
        Port of the page.

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> from rfsk.live import LivePage
    >>> with LivePage(gain=0.5) as page, urlopen(page.url) as answer:
    ...     print(answer.status, page.is_open)
    200 True
    """

    def __init__(
        self,
        port: int = 0,
        *,
        gain: float = 3.0,
        correlation_length: tuple[float, float] = (2.0, 4.0),
        random_state: int = 0,
        height: int = 820,
    ) -> None:
        lengths = check_one_per_class(correlation_length, "correlation_length", 2, "(2.0, 4.0)")
        defaults = Parameters(gain, lengths[0], lengths[1], random_state)
        check_positive(port, "port", integer=True, zero=True)
        check_positive(height, "height", integer=True)
        self.height = height
        self._server = LiveServer(port, defaults)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(_POLL,), daemon=True)
        self._thread.start()
        atexit.register(self.close)

    @property
    def is_open(self) -> bool:
        """Whether the page is served."""
        return self._thread.is_alive()

    @property
    def n_running(self) -> int:
        """Number of active runs; a run ends when its browser disconnects."""
        return self._server.n_running

    def close(self) -> None:
        """Stop all runs and free the port; a second call has no effect."""
        atexit.unregister(self.close)
        if self.is_open:
            self._server.shutdown()
            self._thread.join()
            self._server.stop_runs()
            self._server.server_close()

    def __enter__(self) -> "LivePage":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<LivePage {self.url if self.is_open else 'closed'}>"

    def _repr_html_(self) -> str:
        if not self.is_open:
            return "<p>This page is closed.</p>"
        return (
            f'<iframe src="{self.url}" title="Receptive fields, live" width="100%" '
            f'height="{self.height}" style="border: 0"></iframe>'
        )
