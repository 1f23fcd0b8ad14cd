"""What networks see: laws of inputs, tasks made of them, and generators."""

from ._contrasts import make_gaussian_clone, make_image_patches, make_spiked_cumulant
from ._discrimination import Discrimination
from ._elliptical import EllipticalField, StudentT
from ._empirical import EmpiricalDistribution
from ._gaussian import GaussianField, MultivariateGaussian
from ._generators import make_elliptical, make_gp, make_nlgp, make_transformed_field
from ._image_patches import ImagePatches
from ._ising import Ising
from ._kernels import Matern
from ._lattice_generators import make_ising, make_phi4, make_pulses
from ._model import InputModel
from ._nlgp import NLGP
from ._phi4 import Phi4
from ._pulses import Pulses
from ._shifts import augment_shifts
from ._spiked import SpikedCumulant
from ._stationary import GaussianClone, LatentField, StationaryField
from ._transformed import Algebraic, TransformedField

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
    "SpikedCumulant",
    "StationaryField",
    "StudentT",
    "TransformedField",
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
