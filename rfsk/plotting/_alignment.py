"""Names of `rfsk.plotting.style` under their former path."""

from .style import aligned, centered

__all__ = ["aligned", "centered"]
