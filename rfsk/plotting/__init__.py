"""Displays: matplotlib figures of inputs, fields and studies."""

from ._emergence import EmergenceDisplay
from ._fields import ReceptiveFieldDisplay
from ._inputs import InputDisplay
from ._training import TrainingDisplay

__all__ = ["EmergenceDisplay", "InputDisplay", "ReceptiveFieldDisplay", "TrainingDisplay"]
