"""Whole studies, from inputs to findings."""

from ._emergence import Emergence, emergence

__all__ = ["Emergence", "emergence"]
