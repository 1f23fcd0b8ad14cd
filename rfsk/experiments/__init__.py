"""Studies of receptive fields: training, controls, sweeps and reports."""

from ._control_test import ControlTest, control_test
from ._emergence import Emergence, emergence
from ._field_study import FieldStudy, measure_course, measure_fields, nlgp_task
from ._ledger import locality_ledger
from ._own_data import DataStudy, study_data
from ._pruning import iterative_magnitude_pruning
from ._studies import FactorStudy, PredictionStudy, gain_sweep, phase_diagram
from ._sweep import sweep

__all__ = [
    "ControlTest",
    "DataStudy",
    "Emergence",
    "FactorStudy",
    "FieldStudy",
    "PredictionStudy",
    "control_test",
    "emergence",
    "gain_sweep",
    "iterative_magnitude_pruning",
    "locality_ledger",
    "measure_course",
    "measure_fields",
    "nlgp_task",
    "phase_diagram",
    "study_data",
    "sweep",
]
