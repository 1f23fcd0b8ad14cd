"""Measures of receptive fields, matching of fields, and decompositions of cumulants."""

from ._cavity import cavity_score
from ._comparison import TensorComparison
from ._cumulant import (
    Cumulant,
    DenseCumulant,
    SampleCumulant,
    TranslationInvariantCumulant,
    cumulant,
)
from ._cumulant_cp import CumulantCP
from ._groups import GroupSplit, group_split
from ._hebbian import NonlinearHebbian
from ._locality import locality
from ._localization import LocalizationAnalyzer, localization_score
from ._matching import FieldMatcher, bump_match, chance_match, match_matrix, translation_orbits
from ._measures import (
    compactness,
    dominant_frequency,
    field_center,
    field_orientation,
    field_spread,
    field_width,
    ipr,
    onset,
)
from ._nulls import random_phase_fields, why_not_testable
from ._population import PopulationSummary, Tiling, population_summary, tiling
from ._profiles import fit_profiles
from ._receptive_fields import receptive_fields
from ._reverse_correlation import spike_triggered_average, spike_triggered_covariance
from ._symmetric_cp import SymmetricCP, symmetric_cp

__all__ = [
    "Cumulant",
    "CumulantCP",
    "DenseCumulant",
    "FieldMatcher",
    "GroupSplit",
    "LocalizationAnalyzer",
    "NonlinearHebbian",
    "PopulationSummary",
    "SampleCumulant",
    "SymmetricCP",
    "TensorComparison",
    "Tiling",
    "TranslationInvariantCumulant",
    "bump_match",
    "cavity_score",
    "chance_match",
    "compactness",
    "cumulant",
    "dominant_frequency",
    "field_center",
    "field_orientation",
    "field_spread",
    "field_width",
    "fit_profiles",
    "group_split",
    "ipr",
    "locality",
    "localization_score",
    "match_matrix",
    "onset",
    "population_summary",
    "random_phase_fields",
    "receptive_fields",
    "spike_triggered_average",
    "spike_triggered_covariance",
    "symmetric_cp",
    "tiling",
    "translation_orbits",
    "why_not_testable",
]
