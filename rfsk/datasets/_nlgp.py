"""The non-linear Gaussian process: a Gaussian field through a saturating map."""

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import NDArray

from .._core._array import erf_
from .._core._validation import check_lattice_shape, check_positive
from ._gaussian import GaussianClone
from ._kernels import check_kernel, periodic_kernel
from ._stationary import StationaryField

Array = NDArray[np.float64]

_GAIN_RANGE = (1e-30, 1e30)  # beyond, fields leave single precision
_TAIL = 9.5  # in standard deviations; a Gaussian is below 1e-20 there
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)


@dataclass(frozen=True)
class NLGP(StationaryField):
    """Non-linear Gaussian process: x = psi(gain z) / Z with z a Gaussian field.

    psi(h) = erf(h / sqrt 2) and Z^2 = (2/pi) asin(gain^2 / (1 + gain^2)), so that every pixel
    has zero mean and unit variance. A small gain leaves the field Gaussian, gain 1 makes each
    pixel exactly uniform, a large gain gives sign(z), with sharp edges. The law is the first
    data model of Ingrosso and Goldt (PNAS 119, e2201854119, 2022).

    Parameters
    ----------
    shape : int or (int, int)
        Sites of the ring, or (rows, columns) of the torus.
    correlation_length : float
        xi of the latent field's kernel, in sites.
    gain : float
        g. In the literature that writes psi(h) = erf(h), without the square root of two, the
        gain of the same law is ours divided by sqrt 2.
    kernel : {"gaussian", "exponential"}, default="gaussian"
        Kernel of the latent field, wrapped around the lattice.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> from rfsk.datasets import NLGP
    >>> model = NLGP(100, correlation_length=10.0, gain=1.0)
    >>> model.sample(2, random_state=0).shape
    (2, 100)
    >>> round(model.excess_kurtosis(), 12)  # uniform pixels
    -1.2
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    correlation_length: float
    gain: float
    kernel: str = "gaussian"

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", check_lattice_shape(self.shape))
        check_kernel(self.shape, self.correlation_length, self.kernel)
        check_positive(self.gain, "gain")
        if not _GAIN_RANGE[0] <= self.gain <= _GAIN_RANGE[1]:
            raise ValueError(f"gain={self.gain!r}; expected between 1e-30 and 1e30.")

    @property
    def _saturation(self) -> float:
        """g^2 / (1 + g^2), the correlation of the map's two thresholds."""
        return float((self.gain / math.hypot(1.0, self.gain)) ** 2)

    @property
    def normalization(self) -> float:
        """Z, the standard deviation of psi(gain z)."""
        return math.sqrt(2.0 / math.pi * math.asin(self._saturation))

    def _latent_scale(self) -> float:
        return self.gain / math.sqrt(2.0)

    def _pointwise(self, latent: Any) -> Any:
        fields = erf_(latent)
        fields *= 1.0 / self.normalization
        return fields

    def latent_autocovariance(self) -> Array:
        """Covariance of site 0 with every site of the Gaussian field z."""
        return periodic_kernel(self.shape, self.correlation_length, self.kernel)

    def autocovariance(self) -> Array:
        """Exact covariance of site 0 with every site, of shape `shape`.

        asin(q C) / asin(q) with C the latent covariance and q = g^2 / (1 + g^2): the
        arcsine law of two error functions of correlated Gaussians. In two dimensions the
        arcsine acts on the two-dimensional kernel.
        """
        q = self._saturation
        latent = np.clip(self.latent_autocovariance(), -1.0, 1.0)
        return np.asarray(np.arcsin(q * latent) / math.asin(q))

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel, by Gauss-Legendre quadrature (error below 1e-12)."""
        scale = max(1.0, self.gain)  # psi saturates at z = _TAIL / gain
        half = _TAIL / 2.0 / scale
        z = half * (_NODES + 1.0)
        density = 2.0 * half * _WEIGHTS * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        psi = scipy.special.erf(self.gain * z / math.sqrt(2.0))
        ratio = psi / self.normalization
        fourth = float(density @ ratio**4)
        if scale > 1.0:  # beyond the last node psi is one
            fourth += math.erfc(_TAIL / scale / math.sqrt(2.0)) / self.normalization**4
        return fourth - 3.0

    def gaussian_clone(self) -> GaussianClone:
        """Gaussian field with exactly this covariance."""
        return GaussianClone(self)
