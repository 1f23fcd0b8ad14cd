"""Tests for input models, measures and analyzers of your own."""

from ._checks import CheckResult
from ._field_analyzer import check_field_analyzer
from ._input_model import check_input_model
from ._strategies import fields, input_models, lattice_shapes, tasks

__all__ = [
    "CheckResult",
    "check_field_analyzer",
    "check_input_model",
    "fields",
    "input_models",
    "lattice_shapes",
    "tasks",
]
