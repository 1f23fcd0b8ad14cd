"""Inputs of networks: input models, classification tasks and functions that draw data."""

from ._discrimination import Discrimination
from ._elliptical import EllipticalField, StudentT, make_elliptical
from ._empirical import EmpiricalDistribution, as_task
from ._gaussian import GaussianField, MultivariateGaussian
from ._gaussian_clone import GaussianClone, make_gaussian_clone
from ._image_patches import ImagePatches, make_image_patches
from ._ising import Ising, make_ising
from ._kernels import Matern
from ._model import InputModel, Sampler
from ._nlgp import NLGP, make_gp, make_nlgp
from ._phi4 import Phi4, make_phi4
from ._pulses import Pulses, make_pulses
from ._shifts import augment_shifts
from ._spiked import SpikedCumulant, make_spiked_cumulant
from ._stationary import LatentField, StationaryField
from ._transformed import Algebraic, TransformedField, make_transformed_field

__all__ = [
    "NLGP",
    "Algebraic",
    "Discrimination",
    "EllipticalField",
    "EmpiricalDistribution",
    "GaussianClone",
    "GaussianField",
    "ImagePatches",
    "InputModel",
    "Ising",
    "LatentField",
    "Matern",
    "MultivariateGaussian",
    "Phi4",
    "Pulses",
    "Sampler",
    "SpikedCumulant",
    "StationaryField",
    "StudentT",
    "TransformedField",
    "as_task",
    "augment_shifts",
    "make_elliptical",
    "make_gaussian_clone",
    "make_gp",
    "make_image_patches",
    "make_ising",
    "make_nlgp",
    "make_phi4",
    "make_pulses",
    "make_spiked_cumulant",
    "make_transformed_field",
]
