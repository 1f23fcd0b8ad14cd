"""Checks of the exercises: each explains what is wrong with an answer."""

from ._controls import check_gaussian_control, check_no_biases, check_swapped_classes
from ._cumulants import check_contraction, check_control
from ._localization import check_ipr, check_sites
from ._matching import check_chance, check_match
from ._nlgp import check_draw_nlgp
from ._prediction import check_exceptions, check_rule
from ._slider import slider
from ._verdict import Verdict

__all__ = [
    "Verdict",
    "check_chance",
    "check_contraction",
    "check_control",
    "check_draw_nlgp",
    "check_exceptions",
    "check_gaussian_control",
    "check_ipr",
    "check_match",
    "check_no_biases",
    "check_rule",
    "check_sites",
    "check_swapped_classes",
    "slider",
]
