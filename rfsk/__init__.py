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
        NonlinearHebbian,
        TensorComparison,
        ipr,
        localization_score,
        match_fields,
        population_summary,
        receptive_fields,
        symmetric_cp,
    )
    from .datasets import (
        NLGP,
        Discrimination,
        EllipticalField,
        GaussianField,
        ImagePatches,
        Ising,
        Phi4,
        Pulses,
        TransformedField,
        augment_shifts,
        make_elliptical,
        make_gaussian_clone,
        make_gp,
        make_image_patches,
        make_ising,
        make_nlgp,
        make_phi4,
        make_pulses,
        make_spiked_cumulant,
        make_transformed_field,
    )
    from .experiments import control_test
    from .nets import Autoencoder, ConvNet, FCNet, fit_many, fit_many_online, load, save
    from .theory import CubicFlow, RectifiedFlow, localization_index, predict_fields

__version__ = "0.1.0"

_ROOM_OF_NAME = {
    "Autoencoder": "nets",
    "ConvNet": "nets",
    "CubicFlow": "theory",
    "CumulantCP": "analysis",
    "Discrimination": "datasets",
    "EllipticalField": "datasets",
    "FCNet": "nets",
    "FieldMatcher": "analysis",
    "GaussianField": "datasets",
    "ImagePatches": "datasets",
    "Ising": "datasets",
    "LocalizationAnalyzer": "analysis",
    "NLGP": "datasets",
    "NonlinearHebbian": "analysis",
    "Phi4": "datasets",
    "Pulses": "datasets",
    "RectifiedFlow": "theory",
    "TensorComparison": "analysis",
    "TransformedField": "datasets",
    "augment_shifts": "datasets",
    "control_test": "experiments",
    "fit_many": "nets",
    "fit_many_online": "nets",
    "ipr": "analysis",
    "load": "nets",
    "localization_index": "theory",
    "localization_score": "analysis",
    "make_elliptical": "datasets",
    "make_gaussian_clone": "datasets",
    "make_gp": "datasets",
    "make_image_patches": "datasets",
    "make_ising": "datasets",
    "make_nlgp": "datasets",
    "make_phi4": "datasets",
    "make_pulses": "datasets",
    "make_spiked_cumulant": "datasets",
    "make_transformed_field": "datasets",
    "match_fields": "analysis",
    "population_summary": "analysis",
    "predict_fields": "theory",
    "receptive_fields": "analysis",
    "save": "nets",
    "symmetric_cp": "analysis",
}
_ROOMS = (
    "analysis",
    "claims",
    "datasets",
    "exceptions",
    "experiments",
    "live",
    "nets",
    "plotting",
    "testing",
    "theory",
)

__all__ = [
    "NLGP",
    "Autoencoder",
    "ConvNet",
    "CubicFlow",
    "CumulantCP",
    "Discrimination",
    "EllipticalField",
    "FCNet",
    "FieldMatcher",
    "GaussianField",
    "ImagePatches",
    "Ising",
    "LocalizationAnalyzer",
    "NonlinearHebbian",
    "Phi4",
    "Pulses",
    "RectifiedFlow",
    "TensorComparison",
    "TransformedField",
    "augment_shifts",
    "control_test",
    "fit_many",
    "fit_many_online",
    "ipr",
    "load",
    "localization_index",
    "localization_score",
    "make_elliptical",
    "make_gaussian_clone",
    "make_gp",
    "make_image_patches",
    "make_ising",
    "make_nlgp",
    "make_phi4",
    "make_pulses",
    "make_spiked_cumulant",
    "make_transformed_field",
    "match_fields",
    "population_summary",
    "predict_fields",
    "receptive_fields",
    "save",
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
