"""Published claims, with the quantities that support them and the controls that must fail."""

from . import (
    bardone2024,
    harsh2020,
    ingrosso2022,
    lufkin2024,
    lukoianov2025,
    neyshabur2020,
    ocker2021,
    pellegrini2022,
    redman2024,
    refinetti2023,
    ricci2025,
    szekely2024,
)
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reproduce import ClaimResult, Reproduction, reproduce

_MODULES = (
    bardone2024,
    harsh2020,
    ingrosso2022,
    lufkin2024,
    lukoianov2025,
    neyshabur2020,
    ocker2021,
    pellegrini2022,
    redman2024,
    refinetti2023,
    ricci2025,
    szekely2024,
)
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
    "harsh2020",
    "ingrosso2022",
    "lufkin2024",
    "lukoianov2025",
    "neyshabur2020",
    "ocker2021",
    "pellegrini2022",
    "redman2024",
    "refinetti2023",
    "reproduce",
    "ricci2025",
    "szekely2024",
]
