"""Published claims, with the quantities that support them and the controls that must fail."""

from . import bardone2024, ingrosso2022, lufkin2024, lukoianov2025, ocker2021, ricci2025
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reproduce import ClaimResult, Reproduction, reproduce

_MODULES = (ingrosso2022, lufkin2024, lukoianov2025, ocker2021, bardone2024, ricci2025)
PAPERS = {module.__name__.rpartition(".")[2]: module.CLAIMS for module in _MODULES}
"""Claims of each paper, by its key."""

__all__ = [
    "PAPERS",
    "Bench",
    "Claim",
    "ClaimResult",
    "Quantity",
    "Reproduction",
    "bardone2024",
    "ingrosso2022",
    "lufkin2024",
    "lukoianov2025",
    "ocker2021",
    "reproduce",
    "ricci2025",
]
