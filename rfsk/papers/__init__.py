"""Published claims, each with the quantities that support it and the control that refutes it."""

from . import ingrosso2022
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reproduce import ClaimResult, Reproduction, reproduce

__all__ = [
    "Bench",
    "Claim",
    "ClaimResult",
    "Quantity",
    "Reproduction",
    "ingrosso2022",
    "reproduce",
]
