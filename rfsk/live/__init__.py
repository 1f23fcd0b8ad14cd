"""Page for lectures that trains a network in the browser, on which receptive fields form."""

from ._page import show

__all__ = ["show"]
