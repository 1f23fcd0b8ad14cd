"""The claims of the paper, each with the numbers it stands on."""

from ._bench import Bench, Training
from ._claim import Claim, Quantity
from ._reproduce import CLAIMS, reproduce
from ._reproduction import ClaimResult, Reproduction

__all__ = [
    "CLAIMS",
    "Bench",
    "Claim",
    "ClaimResult",
    "Quantity",
    "Reproduction",
    "Training",
    "reproduce",
]
