"""Published claims, with the quantities that support them and the controls that must fail."""

from . import ingrosso2022, lufkin2024
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reproduce import ClaimResult, Reproduction, reproduce

PAPERS = {"ingrosso2022": ingrosso2022.CLAIMS, "lufkin2024": lufkin2024.CLAIMS}
"""Claims of each paper, by its key."""

__all__ = [
    "PAPERS",
    "Bench",
    "Claim",
    "ClaimResult",
    "Quantity",
    "Reproduction",
    "ingrosso2022",
    "lufkin2024",
    "reproduce",
]
