"""Web page for lectures that trains a network and shows how its receptive fields form."""

from ._page import show

__all__ = ["show"]
