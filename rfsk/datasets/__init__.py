"""What networks see: laws of inputs, tasks made of them, and generators."""

from ._discrimination import Discrimination
from ._gaussian import GaussianClone, GaussianField, MultivariateGaussian
from ._generators import make_gaussian_clone, make_gp, make_nlgp
from ._nlgp import NLGP
from ._stationary import InputModel, StationaryField

__all__ = [
    "NLGP",
    "Discrimination",
    "GaussianClone",
    "GaussianField",
    "InputModel",
    "MultivariateGaussian",
    "StationaryField",
    "make_gaussian_clone",
    "make_gp",
    "make_nlgp",
]
