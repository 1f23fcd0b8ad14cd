"""rfsk: receptive fields, scikit style.

Grow receptive fields from data, measure them, explain them. Names are imported on first
use, so that data and analysis need neither torch nor matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis import (
        CumulantCP,
        FieldMatcher,
        LocalizationAnalyzer,
        ipr,
        match_fields,
        population_summary,
        receptive_fields,
        symmetric_cp,
    )
    from .datasets import NLGP, Discrimination, make_gaussian_clone, make_gp, make_nlgp
    from .nets import ConvNet, FCNet

__version__ = "0.1.0"

_ROOM_OF_NAME = {
    "ConvNet": "nets",
    "CumulantCP": "analysis",
    "Discrimination": "datasets",
    "FCNet": "nets",
    "FieldMatcher": "analysis",
    "LocalizationAnalyzer": "analysis",
    "NLGP": "datasets",
    "ipr": "analysis",
    "make_gaussian_clone": "datasets",
    "make_gp": "datasets",
    "make_nlgp": "datasets",
    "match_fields": "analysis",
    "population_summary": "analysis",
    "receptive_fields": "analysis",
    "symmetric_cp": "analysis",
}
_ROOMS = ("analysis", "datasets", "nets")

__all__ = [
    "NLGP",
    "ConvNet",
    "CumulantCP",
    "Discrimination",
    "FCNet",
    "FieldMatcher",
    "LocalizationAnalyzer",
    "ipr",
    "make_gaussian_clone",
    "make_gp",
    "make_nlgp",
    "match_fields",
    "population_summary",
    "receptive_fields",
    "symmetric_cp",
]


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f".{name}", __name__)
    if name in _ROOM_OF_NAME:
        value = getattr(import_module(f".{_ROOM_OF_NAME[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, *_ROOMS])
