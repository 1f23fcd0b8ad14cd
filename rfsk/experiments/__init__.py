"""Whole studies, from inputs to findings."""

from ._control_test import ControlTest, control_test
from ._emergence import Emergence, emergence
from ._field_study import FieldStudy, measure_course, measure_fields, nlgp_task
from ._own_data import DataStudy, study_data
from ._pruning import iterative_magnitude_pruning
from ._studies import (
    batch_noise,
    beta_lasso,
    control_over_time,
    gain_sweep,
    phase_diagram,
    size_scaling,
    training_set_size,
    width_sweep,
)
from ._sweep import sweep
from ._sweep_result import Sweep
from ._transitions import (
    FactorStudy,
    OnsetStudy,
    PruningStudy,
    cumulant_transition,
    localization_time,
    onset,
    pruning,
)

__all__ = [
    "ControlTest",
    "DataStudy",
    "Emergence",
    "FactorStudy",
    "FieldStudy",
    "OnsetStudy",
    "PruningStudy",
    "Sweep",
    "batch_noise",
    "beta_lasso",
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
    "training_set_size",
    "width_sweep",
]
