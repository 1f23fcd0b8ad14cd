"""Display of the live page in a notebook."""

import html
import json
import re
from pathlib import Path
from typing import Any

from .._core._validation import check_number, check_one_per_class, check_positive

_PAGE = Path(__file__).with_name("page.html")
_RANGES = {"gain": (0.1, 10.0), "correlation_length": (0.5, 6.0)}  # ranges of the sliders
# Sets the height of each frame to the height that the page in the frame reports.
_FOLLOW = """<script>
addEventListener("message", ({source, data}) => {
  for (const frame of document.querySelectorAll("iframe.rfsk-live")) {
    if (source === frame.contentWindow) frame.style.height = `${data.height}px`;
  }
});
</script>"""


def show(
    gain: float = 3.0,
    correlation_length: tuple[float, float] = (1.0, 2.0),
    *,
    height: int | None = None,
) -> Any:
    """Show the live page in a notebook.

    The page trains two networks in the browser, in JavaScript: one on the inputs, and one on the
    control (Gaussian inputs with the same mean and covariance). The page shows the inputs,
    receptive fields and mean inverse participation ratio (IPR) of both networks. The inputs are on
    a torus or a ring, and sliders change the parameters of the inputs. The page needs neither a
    server nor the kernel of the notebook, so that it also works in hosted notebooks.

    Parameters
    ----------
    gain : float, default=3.0
        Gain of the inputs when the page opens, from 0.1 to 10.
    correlation_length : (float, float), default=(1.0, 2.0)
        Correlation lengths of the two classes on the torus when the page opens, in sites, from 0.5
        to 6. The shorter correlation length must be first.
    height : int, optional
        Height of the page in the notebook, in pixels. By default, the height follows the content.

    Returns
    -------
    page : IPython.display.HTML
        Live page in an iframe.

    Examples
    --------
    >>> from rfsk.live import show
    >>> page = show(gain=0.1)
    """
    fine, coarse = check_one_per_class(correlation_length, "correlation_length", 2, "(1.0, 2.0)")
    values = {"gain": (gain,), "correlation_length": (fine, coarse)}
    for name, (low, high) in _RANGES.items():
        for value in values[name]:
            check_number(value, name)
            if not low <= value <= high:
                raise ValueError(f"`{name}` must be from {low:g} to {high:g}, got {value!r}.")
    if not fine < coarse:
        raise ValueError(
            "`correlation_length` must have the shorter length first, as in (1.0, 2.0), got "
            f"{(fine, coarse)!r}."
        )
    if height is not None:
        check_positive(height, "height", integer=True)
    from IPython.display import HTML

    initial = json.dumps({"gain": float(gain), "correlation_length": [float(fine), float(coarse)]})
    page = re.sub(
        r'(<script id="initial"[^>]*>)[^<]*',
        lambda tag: tag[1] + initial,
        _PAGE.read_text(encoding="utf-8"),
    )
    name, script = ("rfsk-live", _FOLLOW) if height is None else ("", "")
    return HTML(
        f'<div><iframe class="{name}" srcdoc="{html.escape(page)}" width="100%" '
        f'height="{height or 860}" title="How receptive fields form" style="border: 0"></iframe>'
        f"{script}</div>"
    )
