"""A page for lectures: fields form in the browser while its reader moves the sliders."""

from ._live_page import LivePage

__all__ = ["LivePage"]
