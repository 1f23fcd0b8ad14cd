"""Self-checks of the exercises: each says what is wrong with an answer, and why."""

from ._controls import check_gaussian_control, check_no_biases, check_swapped_classes
from ._cumulants import check_clone, check_contraction
from ._localization import check_ipr, check_sites
from ._matching import check_chance, check_match
from ._nlgp import check_draw_nlgp
from ._prediction import check_exceptions, check_rule
from ._verdict import Verdict

__all__ = [
    "Verdict",
    "check_chance",
    "check_clone",
    "check_contraction",
    "check_draw_nlgp",
    "check_exceptions",
    "check_gaussian_control",
    "check_ipr",
    "check_match",
    "check_no_biases",
    "check_rule",
    "check_sites",
    "check_swapped_classes",
]
