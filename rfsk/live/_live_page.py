"""LivePage: a page in the browser on which fields form while its reader moves the sliders."""

import atexit
import threading

from .._core._validation import check_one_per_class, check_positive
from ._parameters import Parameters
from ._server import LiveServer

_POLL = 0.05  # seconds after which a closed page is noticed


class LivePage:
    """A page on which receptive fields form live, with sliders for the inputs.

    It shows inputs of two classes on a ring of 40 sites, the fields of an `FCNet` that learns to
    distinguish them, those of the same net on the inputs' Gaussian clone, and the IPR of both
    beside the theory. rfsk computes every number on this machine, and only the browser of this
    machine can open the page. In a notebook, a page at the end of a cell shows itself; the kernel
    must run where the browser does.

    Parameters
    ----------
    port : int, default=0
        Port of the page; 0 is a free port.
    gain : float, default=3.0
        Initial gain of the inputs; the sliders change it.
    correlation_length : (float, float), default=(2.0, 4.0)
        Initial correlation lengths of the short-range and of the long-range class, in sites.
    random_state : int, default=0
        Initial seed of net and samples.
    height : int, default=820
        Height of the page in a notebook, in pixels.

    Attributes
    ----------
    url : str
        Address of the page. Presets for the sliders may follow: ``?gain=0.1&short=2&long=4``,
        also ``seed`` and ``speed``.
    port : int
        Port of the page.

    Raises
    ------
    OSError
        If the port is taken.

    Examples
    --------
    >>> from urllib.request import urlopen
    >>> from rfsk.live import LivePage
    >>> with LivePage(gain=0.5) as page:
    ...     with urlopen(page.url) as answer:
    ...         print(answer.status, page.is_open)
    200 True
    >>> page.is_open
    False
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
        """Whether the page is being served."""
        return self._thread.is_alive()

    @property
    def n_running(self) -> int:
        """Number of runs under way; a run ends when its browser goes away."""
        return self._server.n_running

    def close(self) -> None:
        """Stop all runs and free the port; a second call does nothing."""
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
