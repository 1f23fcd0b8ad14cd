"""Names of `rfsk.plotting.style` under their former path."""

from .style import *  # noqa: F403
