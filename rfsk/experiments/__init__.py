"""Whole studies, from inputs to findings."""

from ._control_test import ControlTest, control_test
from ._emergence import Emergence, emergence
from ._field_study import FieldStudy, measure_course, measure_fields, nlgp_task
from ._own_data import DataStudy, study_data
from ._pruning import iterative_magnitude_pruning
from ._studies import (
    FactorStudy,
    OnsetStudy,
    PruningStudy,
    control_over_time,
    cumulant_transition,
    gain_sweep,
    localization_time,
    onset,
    phase_diagram,
    pruning,
    size_scaling,
)
from ._sweep import Sweep, sweep

__all__ = [
    "ControlTest",
    "DataStudy",
    "Emergence",
    "FactorStudy",
    "FieldStudy",
    "OnsetStudy",
    "PruningStudy",
    "Sweep",
    "control_over_time",
    "control_test",
    "cumulant_transition",
    "emergence",
    "gain_sweep",
    "iterative_magnitude_pruning",
    "localization_time",
    "measure_course",
    "measure_fields",
    "nlgp_task",
    "onset",
    "phase_diagram",
    "pruning",
    "size_scaling",
    "study_data",
    "sweep",
]
