"""Claims of Ingrosso and Goldt (PNAS 119, e2201854119, 2022)."""

from ._claims import CLAIMS

__all__ = ["CLAIMS"]
