"""Displays: matplotlib figures of inputs, fields and studies."""

from ._comparison import TensorComparisonDisplay
from ._cumulant import CumulantDisplay
from ._emergence import EmergenceDisplay
from ._fields import ReceptiveFieldDisplay
from ._film_strip import FilmStripDisplay
from ._inputs import InputDisplay
from ._localization import LocalizationDisplay
from ._matching import MatchingDisplay
from ._phase_diagram import PhaseDiagramDisplay
from ._sweep import SweepDisplay
from ._training import TrainingDisplay

__all__ = [
    "CumulantDisplay",
    "EmergenceDisplay",
    "FilmStripDisplay",
    "InputDisplay",
    "LocalizationDisplay",
    "MatchingDisplay",
    "PhaseDiagramDisplay",
    "ReceptiveFieldDisplay",
    "SweepDisplay",
    "TensorComparisonDisplay",
    "TrainingDisplay",
]
