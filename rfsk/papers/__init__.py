"""Published claims, with the quantities that support them and the controls that must fail."""

from . import ingrosso2022, lukoianov2025, ocker2021
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reproduce import ClaimResult, Reproduction, reproduce

PAPERS = {
    "ingrosso2022": ingrosso2022.CLAIMS,
    "lukoianov2025": lukoianov2025.CLAIMS,
    "ocker2021": ocker2021.CLAIMS,
}
"""Claims of each paper, by its key."""

__all__ = [
    "PAPERS",
    "Bench",
    "Claim",
    "ClaimResult",
    "Quantity",
    "Reproduction",
    "ingrosso2022",
    "lukoianov2025",
    "ocker2021",
    "reproduce",
]
