"""Browser page for lectures, on which fields form while the user moves sliders."""

from ._live_page import LivePage

__all__ = ["LivePage"]
