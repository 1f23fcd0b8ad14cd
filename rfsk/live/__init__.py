"""What a lecture shows: fields that form in the browser while one moves the sliders."""

from ._live_page import LivePage

__all__ = ["LivePage"]
