"""Claims of papers, quantities that support them, and controls on which the claims must fail."""

from importlib import import_module

from ._bench import Bench
from ._claim import Claim, Quantity
from ._reproduce import ClaimResult, Reproduction, reproduce

_KEYS = (
    "ingrosso2022",
    "bardone2024",
    "harsh2020",
    "lufkin2024",
    "lukoianov2025",
    "neyshabur2020",
    "ocker2021",
    "pellegrini2022",
    "redman2024",
    "refinetti2023",
    "ricci2025",
    "szekely2024",
)
PAPERS: dict[str, tuple[Claim, ...]] = {
    key: import_module(f"{__name__}.{key}").CLAIMS for key in _KEYS
}
"""Claims of each paper, by its key."""

__all__ = ["PAPERS", "Bench", "Claim", "ClaimResult", "Quantity", "Reproduction", "reproduce"]
__all__ += _KEYS
